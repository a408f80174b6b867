"""What set-up decides: which step comes next, what the org must be fit for, and what a first sync will take. Pure."""
