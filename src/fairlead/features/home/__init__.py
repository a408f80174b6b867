"""Room: the first page, on which it can be seen whether all is well."""
