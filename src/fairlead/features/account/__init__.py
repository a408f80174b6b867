"""What a person chooses for himself: the zone in which times are shown."""
