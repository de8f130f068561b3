"""A server: where it is, what it is, sessions with it, and who may do what there."""
