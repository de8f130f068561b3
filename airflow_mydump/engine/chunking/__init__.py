"""How a table is cut into chunks: by which key, where, and why there."""
