"""The SOAP entrances of the org: metadata, and records as partner and enterprise clients see them."""
