"""Measurements against real peers, in the same run; nothing here asserts a speed."""
