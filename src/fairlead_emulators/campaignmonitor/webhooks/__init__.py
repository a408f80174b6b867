"""Webhooks of lists and their delivery."""
