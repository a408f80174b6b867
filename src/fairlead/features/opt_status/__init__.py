"""Opt status both ways: whether an address may be mailed, kept in step between Campaign Monitor and Salesforce."""
