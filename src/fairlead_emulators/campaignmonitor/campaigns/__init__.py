"""Campaigns: drafts, sending, and what recipients then do."""
