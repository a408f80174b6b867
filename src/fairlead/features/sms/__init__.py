"""Room: numbers for text messages."""
