"""Room: the documentation, shown and searched in the app."""
