"""What `proto/generate.py` makes of the Pub/Sub API's interface. Not edited by hand."""
