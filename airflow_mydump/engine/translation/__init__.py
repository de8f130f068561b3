"""Definitions of one vendor in the words of the other, as far as they mean the same there; the rest is refused by name.

What is mapped, dropped and refused is published in docs/cross-vendor.md.
"""
