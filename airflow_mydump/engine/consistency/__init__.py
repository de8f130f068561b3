"""How the rows of a run belong together: in which moment of the source they are read (docs/consistency.md)."""
