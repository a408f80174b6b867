"""Pages about records: lists, one record, forms, conversion, merge, the recycle bin."""
