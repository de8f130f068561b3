"""The text of definitions: taken apart, checked, adapted and put together."""
