"""What the room of people decides: why somebody is there or not, what managing lists may do, what activity says. Pure."""
