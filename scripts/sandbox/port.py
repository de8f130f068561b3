"""A free TCP port on loopback."""

from __future__ import annotations

import random
import socket

#: Below the kernel's ephemeral ports, so that no outgoing connection takes the port before its server does.
_PORTS = range(20_000, 32_000)
HOST = "127.0.0.1"


class NoFreePortError(Exception):
    """Every port that was tried is taken."""


def free_port() -> int:
    """Return a port that nothing listens on; raises NoFreePortError."""
    for port in random.sample(_PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise NoFreePortError(f"No free port on {HOST} between {_PORTS.start} and {_PORTS.stop}: end other servers.")
