"""A task that dies when all is done, and nobody has heard of it."""

from __future__ import annotations

import os
import signal
from typing import Any


def die_once(context: Any, result: Any = None) -> None:
    """For ``post_execute``: the first try is killed."""
    if context["ti"].try_number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
