"""Types that records are decoded into, each made known to msgspec by one thread alone."""

from __future__ import annotations

from threading import Lock
from typing import Any, TypeVar

import msgspec

Kind = TypeVar("Kind")

_learning = Lock()
_known: set[Any] = set()


def known(kind: type[Kind]) -> type[Kind]:
    """The same type, which any thread may decode into now.

    msgspec (0.22) looks at a dataclass when it first decodes one, and where two threads do so at once the process may
    die of it (SIGSEGV; measured with eight threads: once in 25 processes).
    """
    with _learning:
        if kind not in _known:
            msgspec.json.Decoder(kind)
            _known.add(kind)
    return kind
