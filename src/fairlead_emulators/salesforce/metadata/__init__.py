"""What is deployed, and what it changes in the org."""
