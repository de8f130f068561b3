"""Loads framed rows with LOAD DATA LOCAL, streamed from this process: no file, pipe or helper thread. A server that
takes none gets INSERT statements.

The server asks for a file by name, as the protocol has it, and gets our stream whatever name it says; when no
stream is under way it gets nothing. So a hostile server cannot read files here.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pymysql
from pymysql.connections import Connection, MySQLResult
from pymysql.constants import CLIENT

from airflow_mydump.engine.error_number import GONE, NO_SUCH_TABLE
from airflow_mydump.engine.errors import ConnectError, LoadMismatchError, PreflightError, ServerError
from airflow_mydump.engine.framing.frame import Delimiters
from airflow_mydump.engine.framing.framed_insert import insert_statements
from airflow_mydump.engine.framing.framed_load import load_statement
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Table
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.flavor import Flavor
from airflow_mydump.engine.server.keepalive import keep_alive
from airflow_mydump.engine.server.session import CONNECT_TIMEOUT, READ_TIMEOUT
from airflow_mydump.engine.server.session_state import NOT_LOGGED, WAIT_SECONDS, loading

_PACKET_BYTES = 1 << 20
"""Larger packets gain nothing (measured)."""

_SUMMARY = re.compile(r"Records: (\d+)\s+Deleted: (\d+)\s+Skipped: (\d+)\s+Warnings: (\d+)")

DUPLICATE_KEY = 1062

IDLE_SECONDS = 300
"""How long a transaction may be silent: less than a successor waits for its locks, 120 s at each of its tries."""


class Loader:
    """A connection to the target, in a transaction from `begin` to `commit` or `rollback`."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._connection = _connect(endpoint)
        try:
            self.flavor = Flavor.parse(str(self._connection.server_version))
            for statement in loading(self.flavor):
                self.execute(statement)
            if not endpoint.binlog:
                self.execute(NOT_LOGGED)
            takes_files, packet = map(int, self.texts("SELECT @@GLOBAL.local_infile, @@max_allowed_packet"))
            self._takes_files = bool(takes_files)
            self._packet = packet
        except BaseException:
            self.close()
            raise

    def execute(self, sql: str | bytes) -> int:
        """Run a statement without rows; returns the rows it affected. Raises ServerError."""
        with _server_errors(self._endpoint):
            return int(self._connection.query(sql))

    def begin(self) -> None:
        """Start a transaction. Raises ServerError.

        The server rolls it back by itself when it hears nothing for IDLE_SECONDS between statements, so that the locks
        of a machine that vanished are not there for longer.
        """
        self.execute(f"SET wait_timeout = {IDLE_SECONDS}")
        self.execute("START TRANSACTION")

    def commit(self) -> None:
        """Commit. Raises ServerError; the outcome is then unknown and the ledger tells it."""
        self.execute("COMMIT")
        self._rest()

    def rollback(self) -> None:
        """Roll back; a lost connection counts as rolled back, because the server does it."""
        try:
            self.execute("ROLLBACK")
            self._rest()
        except ServerError:
            self.close()

    def texts(self, query: str) -> tuple[str, ...]:
        """The only row of a query, decoded as UTF-8. Raises ServerError."""
        with _server_errors(self._endpoint):
            return self._connection.texts(query)

    def load(self, target: TableName, table: Table, delimiters: Delimiters, frames: Iterable[bytes]) -> int:
        """Load the frames of ``table``'s stored columns into ``target``; returns the rows the server recorded.

        Raises ServerError, LoadMismatchError when the server warned about, skipped or deleted a row, and what
        ``frames`` raises. After any of them the caller must roll back.
        """
        if self._takes_files:
            return self.load_with(load_statement(target.sql, table, delimiters), target, frames)
        return sum(
            self._insert(target, rows, statement)
            for rows, statement in insert_statements(target, table, delimiters, frames, self._packet)
        )

    def _insert(self, target: TableName, rows: int, statement: bytes) -> int:
        recorded = self.execute(statement)
        if warnings := self._connection.warnings():
            raise LoadMismatchError(
                f"{target}: of {rows} rows the server gave {warnings} warnings; the chunk is rolled back"
            )
        return recorded

    def load_with(self, statement: str, target: TableName, frames: Iterable[bytes]) -> int:
        """As `load`, with a LOAD DATA LOCAL statement of the caller's own making.

        Raises PreflightError if the server takes none.
        """
        if not self._takes_files:
            raise PreflightError(
                f"{target}: its rows are in files of another tool, which need the target to take LOAD DATA LOCAL: "
                "SET GLOBAL local_infile = 1"
            )
        with _server_errors(self._endpoint):
            # A packet as large as the limit is refused, with its connection.
            self._connection.stream_query(statement, frames, min(_PACKET_BYTES, self._packet // 2))
        return _recorded_rows(target, self._connection.info())

    def close(self) -> None:
        """Close the connection; harmless when it is closed already or lost."""
        if self._connection.open:
            with suppress(pymysql.Error):
                self._connection.close()

    def _rest(self) -> None:
        # A loader waits without a lock while the source computes, for hours if need be.
        self.execute(f"SET wait_timeout = {WAIT_SECONDS}")

    def __enter__(self) -> Loader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _recorded_rows(target: TableName, summary: str) -> int:
    found = _SUMMARY.search(summary)
    if not found:
        raise LoadMismatchError(f"{target}: the server did not say how many rows it loaded")
    records, deleted, skipped, warnings = map(int, found.groups())
    if deleted or skipped or warnings:
        raise LoadMismatchError(
            f"{target}: of {records} rows the server skipped {skipped}, replaced {deleted} and gave {warnings} "
            "warnings; the chunk is rolled back"
        )
    return records


class _StreamConnection(Connection):
    """A PyMySQL connection whose LOAD DATA LOCAL sends a stream of ours instead of the file the server names."""

    # Attributes of PyMySQL's that its type stubs leave out.
    server_version: str
    server_capabilities: int
    _result: Any
    _sock: socket.socket

    _frames: Iterable[bytes] | None = None

    @property
    def descriptor(self) -> int:
        """Of the socket, as long as the connection is open."""
        return self._sock.fileno()

    def stream_query(self, sql: str, frames: Iterable[bytes], most_bytes: int) -> None:
        """Run a LOAD DATA LOCAL with these frames, in packets of at most so many bytes."""
        self._frames = _pieces(frames, most_bytes)
        try:
            self.query(sql)
        finally:
            self._frames = None

    def texts(self, query: str) -> tuple[str, ...]:
        """The only row of a query; NULL is the empty text."""
        self.query(query)
        (row,) = self._result.rows
        return tuple(map(_text, row))

    def warnings(self) -> int:
        """How many warnings the last statement gave."""
        return int(self._result.warning_count) if self._result else 0

    def info(self) -> str:
        message = self._result.message if self._result else None
        return message.decode("ascii", "replace") if message else ""

    def take_frames(self) -> Iterable[bytes]:
        frames, self._frames = self._frames, None
        if frames is None:
            raise ServerError(0, "the server asked for a local file outside a load and got nothing")
        return frames

    def _read_query_result(self, unbuffered: bool = False) -> int:
        self._result = None
        result = _StreamResult(self)
        result.read()
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return result.affected_rows or 0

    def _get_server_information(self) -> None:
        super()._get_server_information()  # type: ignore[misc]  # missing in its type stubs
        # PyMySQL 1.1.3 goes on in plain text when the server offers no TLS: stop before the login is sent.
        if self.ssl and not self.server_capabilities & CLIENT.SSL:
            raise ConnectError("the server offers no TLS but the connection asks for it")


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode()
    return "" if value is None else str(value)


class _StreamResult(MySQLResult):
    connection: Any
    _read_ok_packet: Any

    def _read_load_local_packet(self, first_packet: Any) -> None:
        connection: Any = self.connection
        try:
            for piece in connection.take_frames():
                connection.write_packet(piece)
        except (pymysql.Error, OSError):
            raise
        except BaseException:
            # The server loads what it got and answers; the caller rolls that back.
            with suppress(pymysql.Error):
                connection.write_packet(b"")
                connection._read_packet()
            raise
        connection.write_packet(b"")
        self._read_ok_packet(connection._read_packet())


def _pieces(frames: Iterable[bytes], most_bytes: int) -> Iterator[bytes]:
    for framed in frames:
        if len(framed) <= most_bytes:
            yield framed
            continue
        for start in range(0, len(framed), most_bytes):
            yield framed[start : start + most_bytes]


def _connect(endpoint: Endpoint) -> _StreamConnection:
    try:
        connection = _StreamConnection(
            host=endpoint.host,
            port=endpoint.port,
            user=endpoint.user,
            password=endpoint.password,
            unix_socket=endpoint.unix_socket,
            local_infile=True,
            charset="utf8mb4",
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            write_timeout=READ_TIMEOUT,
            ssl=_ssl_context(endpoint),
        )
        if not endpoint.unix_socket:
            keep_alive(connection.descriptor)
        return connection
    except (pymysql.Error, OSError, ssl.SSLError) as error:
        reason = error.args[1] if len(error.args) > 1 else error
        raise ConnectError(f"cannot connect to {endpoint}: {reason}") from error


def _ssl_context(endpoint: Endpoint) -> ssl.SSLContext | None:
    mode = endpoint.effective_ssl_mode
    if mode == "DISABLED":
        return None
    context = ssl.create_default_context(cafile=endpoint.ssl_ca)
    context.check_hostname = mode == "VERIFY_IDENTITY"
    if mode == "REQUIRED":
        context.verify_mode = ssl.CERT_NONE
    if endpoint.ssl_cert:
        context.load_cert_chain(endpoint.ssl_cert, endpoint.ssl_key)
    return context


@contextmanager
def _server_errors(endpoint: Endpoint) -> Iterator[None]:
    try:
        yield
    except pymysql.Error as error:
        told = ServerError.of(endpoint, *_told(error))
        # All tables here were made by the run: a server that has none has not seen it yet, as nodes of a cluster do.
        raise (told.passing() if told.number == NO_SUCH_TABLE else told) from error


def _told(error: pymysql.Error) -> tuple[int, str]:
    if isinstance(error, pymysql.InterfaceError):
        # PyMySQL (1.1.3) closes a connection that fails, and of a closed one says 0 and nothing.
        return GONE, "the connection is closed"
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    return number, str(error.args[1]) if len(error.args) > 1 else str(error)
