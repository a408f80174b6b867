"""What this room decides: mappings checked and compiled, e-mails filled, messages of the log recognised. Pure."""
