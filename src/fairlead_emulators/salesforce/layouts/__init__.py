"""What people's pages look like."""
