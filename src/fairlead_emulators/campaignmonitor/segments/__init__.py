"""Segments of lists."""
