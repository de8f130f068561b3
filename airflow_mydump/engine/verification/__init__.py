"""What a server says that it holds, so that two of them can be compared."""
