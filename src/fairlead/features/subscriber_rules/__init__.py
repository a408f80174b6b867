"""Room: rules that add contacts and leads to lists, or take them off, by what stands in their records."""
