"""What tables and other objects are, apart from their rows, read from definitions and compared piece by piece."""
