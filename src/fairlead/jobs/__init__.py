"""Work that survives a restart: states, slots, schedule, take-over."""
