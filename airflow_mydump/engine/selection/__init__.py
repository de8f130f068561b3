"""What is to be moved: databases, tables, rows."""
