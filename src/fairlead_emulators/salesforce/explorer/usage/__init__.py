"""API usage: calls by hour, limits, Bulk jobs, events, requests."""
