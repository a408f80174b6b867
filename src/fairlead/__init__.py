"""Fairlead keeps Campaign Monitor and Salesforce in step."""
