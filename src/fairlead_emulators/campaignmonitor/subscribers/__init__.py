"""Single subscribers, imports, and what subscribers do."""
