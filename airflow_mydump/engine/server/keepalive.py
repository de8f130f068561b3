"""TCP's own sign of life, so that a machine that has vanished while a statement runs is missed before the hour is over
for which a server may be silent.

What was sent and not acknowledged is another matter: Linux sends it for some 16 minutes. A shorter limit for that
(TCP_USER_TIMEOUT) would count a server as vanished that takes no rows because it waits for a lock.
"""

from __future__ import annotations

import os
import socket

FIRST_SECONDS, NEXT_SECONDS, TRIES = 30, 10, 3
"""After how long a silence the other side's system is asked whether it is there, how soon again, and how often."""


def keep_alive(descriptor: int) -> None:
    """Ask for it on a connected TCP socket. Raises OSError."""
    # A copy, because a socket object closes what it is given.
    with socket.socket(fileno=os.dup(descriptor)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, FIRST_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, NEXT_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, TRIES)
