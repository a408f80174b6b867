"""Setup: what was deployed, objects and fields, rights, users, and the emulator's own switches."""
