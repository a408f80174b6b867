"""The account and its clients."""
