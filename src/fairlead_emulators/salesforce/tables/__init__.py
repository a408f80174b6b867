"""What list views and reports have in common: columns by their many names, filters, conditions."""
