"""What the org knows of objects, fields, ids and values, before any row."""
