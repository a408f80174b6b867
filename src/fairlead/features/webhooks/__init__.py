"""Room: webhooks of lists, an option that makes changes arrive within seconds."""
