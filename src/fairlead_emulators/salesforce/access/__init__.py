"""What a user may see and do: profiles, permission sets, field-level security, sharing by owner."""
