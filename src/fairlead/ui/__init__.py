"""Page furniture shared by rooms: base page, tables, help hints."""
