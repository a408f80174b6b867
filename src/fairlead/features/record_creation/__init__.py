"""Room: contacts and leads made for active subscribers that have none."""
