"""Room: what Fairlead's records take of the org's storage, what a change would do to it, and the deletion of old events."""
