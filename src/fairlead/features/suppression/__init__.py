"""Room: the addresses that clients do not mail to, as records."""
