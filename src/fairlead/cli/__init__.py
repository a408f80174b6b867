"""The command line: translates a request, calls a room, translates back."""
