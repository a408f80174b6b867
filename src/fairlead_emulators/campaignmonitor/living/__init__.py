"""Time passes: an hour in the life of the account, as control routes let it."""
