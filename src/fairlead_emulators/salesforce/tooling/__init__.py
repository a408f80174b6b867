"""The Tooling API: what is known of objects, fields, classes and flows, as rows."""
