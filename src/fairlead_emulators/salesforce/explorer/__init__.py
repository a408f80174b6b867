"""Pages for a person who looks into the org."""
