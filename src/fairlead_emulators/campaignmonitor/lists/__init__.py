"""Lists, custom fields, members by state."""
