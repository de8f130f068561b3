"""How rows arrive on the target: exactly once, and only if all of them did."""
