"""A client for the Salesforce platform APIs. Knows nothing of Fairlead."""
