"""What the room decides, pure: which campaigns belong together (`links`), and what a member shows (`members`, `statuses`)."""
