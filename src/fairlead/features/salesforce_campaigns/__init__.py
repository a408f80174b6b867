"""Salesforce campaigns: linked to what was sent, with its figures, its people and what they did (F38 to F50)."""
