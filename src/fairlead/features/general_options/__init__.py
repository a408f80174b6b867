"""Room: options of rooms that have no page of their own, gathered on one."""
