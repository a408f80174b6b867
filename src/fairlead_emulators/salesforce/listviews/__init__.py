"""List views: those every org has, those that were deployed, and what they show."""
