"""A TCP proxy on loopback between the package and a server, to do to a connection what networks do.

Its loop runs in a thread, so that it goes on whatever becomes of the process under test.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType

Result = TypeVar("Result")

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_PIECE = 1 << 16


class Proxy:
    """Forwards connections to a port of this machine.

    `latency` is what every piece waits before it goes on, in seconds.
    """

    host = "127.0.0.1"

    def __init__(self, server_port: int) -> None:
        self.latency = 0.0
        self._server_port = server_port
        self._left: int | None = None
        self._refusing = False
        self._ends: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        self.port: int = self._call(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    @property
    def connections(self) -> int:
        """How many connections are forwarded now."""
        return len(self._ends) // 2

    def reset(self) -> int:
        """End all connections as a crashed machine does on its return, with RST; returns how many there were."""
        return self._call(self._reset())

    def cut_after(self, size: int) -> None:
        """Forward so many bytes more, in whatever direction, then reset all connections once."""
        self._left = size

    def stall(self) -> None:
        """Forward nothing more, and close nothing: to both ends the other is silent."""
        self._call(self._set_flowing(False))

    def resume(self) -> None:
        """End a stall; what was held back goes on."""
        self._call(self._set_flowing(True))

    def refuse(self) -> None:
        """Reset every connection, and each new one at once, until `heal`."""
        self._refusing = True
        self.reset()

    def heal(self) -> None:
        """Forward everything again, unchanged and at once."""
        self.latency = 0.0
        self._left = None
        self._refusing = False
        self.resume()

    async def _listen(self) -> int:
        self._listener = await asyncio.start_server(self._accept, self.host, 0)
        return int(self._listener.sockets[0].getsockname()[1])

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pumps.add(task)
        try:
            await self._forward(reader, writer)
        finally:
            self._pumps.discard(task)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            _abort(writer)
            return
        try:
            server_reader, server_writer = await asyncio.open_connection(self.host, self._server_port)
        except OSError:
            _abort(writer)
            return
        ends = {writer, server_writer}
        self._ends |= ends
        try:
            await asyncio.gather(self._pump(reader, server_writer), self._pump(server_reader, writer))
        finally:
            self._ends -= ends
            for end in ends:
                end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(_PIECE):
                await self._flowing.wait()
                if self.latency:
                    await asyncio.sleep(self.latency)
                writer.write(self._allowed(piece))
                await writer.drain()
                if self._left == 0:
                    self._left = None
                    await self._reset()
            if writer.can_write_eof():
                writer.write_eof()
        except OSError:
            writer.transport.abort()

    def _allowed(self, piece: bytes) -> bytes:
        if self._left is None:
            return piece
        piece = piece[: self._left]
        self._left -= len(piece)
        return piece

    async def _reset(self) -> int:
        ends = list(self._ends)
        for end in ends:
            _abort(end)
        return len(ends) // 2

    async def _set_flowing(self, flowing: bool) -> None:
        if flowing:
            self._flowing.set()
        else:
            self._flowing.clear()

    async def _close(self) -> None:
        self._listener.close()
        await self._reset()
        pumps = list(self._pumps)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)

    def _call(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)


def _abort(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    connection: Any = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()
