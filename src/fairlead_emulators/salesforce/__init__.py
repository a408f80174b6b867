"""A local Salesforce org."""
