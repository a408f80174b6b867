"""A local Salesforce org and Campaign Monitor account, to run and prove things without accounts."""
