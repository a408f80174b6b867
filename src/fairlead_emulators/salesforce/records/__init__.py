"""Records are written and read by the org's rules."""
