"""Room: lists and their members, as records in Salesforce."""
