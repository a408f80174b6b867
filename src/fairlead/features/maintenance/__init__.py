"""Room: messages about what went wrong, the audit log, page layouts, internal limits, notifications."""
