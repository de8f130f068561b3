"""Runs a command and ends when all that it started has ended, so that what it left behind is counted as its own."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

_PR_SET_CHILD_SUBREAPER = 36
"""prctl(2), Linux: orphans below become children of this process."""


def main() -> int:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    status = subprocess.call(sys.argv[1:])
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
