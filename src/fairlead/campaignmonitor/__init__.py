"""A client for the Campaign Monitor API v3.3. Knows nothing of Fairlead."""
