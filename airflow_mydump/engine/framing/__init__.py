"""Rows as bytes for LOAD DATA: framed by delimiters that are proven not to occur in them."""
