"""The plan of a run: what is done with each table and object, in which chunks and bundles."""
