"""How often Python looks for cyclic garbage."""

from __future__ import annotations

import gc

_NEW_OBJECTS = 100_000


def collect_rarely() -> None:
    """Let this process look once in 100,000 new objects, and not in 700.

    Catalogs and plans are hundreds of thousands of objects that stay, and have no cycles: with Python's own settings,
    every fourth second of planning and of the end of a dump goes into looking through them (6,111 tables).
    """
    gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])
