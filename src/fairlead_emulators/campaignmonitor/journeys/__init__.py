"""Journeys and the e-mails they send."""
