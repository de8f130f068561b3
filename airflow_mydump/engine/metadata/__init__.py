"""What the metadata prefetch reads of a server: the catalog, and the rule for each column type."""
