"""Room: one person, explained on both sides."""
