"""Room: the guided path from nothing to the first sync."""
