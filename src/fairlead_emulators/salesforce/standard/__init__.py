"""What an org has in its Setup before anything is deployed."""
