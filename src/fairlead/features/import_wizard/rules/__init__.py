"""What is decided about imports: words, columns, rows, who may be added or taken off, when, and how it is told. Pure."""
