"""Options of the command line: each module has those of one thing, and what they say in the engine's words."""
