"""The command-line entrance."""
