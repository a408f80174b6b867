"""Room: the scheduled pull from Campaign Monitor into Salesforce."""
