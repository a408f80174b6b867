"""The org's rows, clock, limits and faults."""
