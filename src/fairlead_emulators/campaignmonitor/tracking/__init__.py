"""What becomes of mails: who got them, opened, clicked, bounced, unsubscribed, complained. For campaigns and journeys."""
