"""Who is let in: OAuth, signed statements, sessions."""
