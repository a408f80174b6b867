"""Lists, custom fields and subscribers as state, below the imitated API."""
