"""Room: sent campaigns and journeys, as records in Salesforce."""
