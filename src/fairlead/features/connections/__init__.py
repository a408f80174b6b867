"""Room: the connected Campaign Monitor account, its clients, and the org."""
