"""What moving in decides. Pure."""
