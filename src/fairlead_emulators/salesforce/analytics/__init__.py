"""Reports and dashboards: those every org has, those that were deployed, and their runs."""
