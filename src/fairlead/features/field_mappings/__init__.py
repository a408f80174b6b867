"""Room: fields of contacts and leads kept in step with fields of lists."""
