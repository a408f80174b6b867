"""Side-by-side measurements on one replay server. See `__main__.py`."""
