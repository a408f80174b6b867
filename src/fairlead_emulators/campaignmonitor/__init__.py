"""A local Campaign Monitor account."""
