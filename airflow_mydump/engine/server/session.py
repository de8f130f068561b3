"""A connection to a server through mysqlclient's low-level interface, in a pinned state.

The low-level `_mysql` connection with no conversions yields tuples of bytes: 2.9 M rows/s, where a cursor
that makes Python objects reaches a tenth.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from MySQLdb import _mysql

from airflow_mydump.engine.error_number import DENIED
from airflow_mydump.engine.errors import AccessError, ConnectError, ServerError
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.flavor import Flavor
from airflow_mydump.engine.server.keepalive import keep_alive
from airflow_mydump.engine.server.server_name import require_server
from airflow_mydump.engine.server.session_state import NOT_LOGGED, SILENCE_SECONDS, SessionState

Row = tuple["bytes | None", ...]

CONNECT_TIMEOUT = 20
"""Seconds to wait for a server's greeting."""

_TEXT_ROWS_AT_ONCE = 1000

READ_TIMEOUT = SILENCE_SECONDS
"""Seconds without a byte after which a server counts as lost; a long ALTER is silent for minutes."""


class Session:
    """One connection; not for use by two threads at once.

    Use as a context manager, or call `close`. After an error inside `stream` the session is closed, because
    unread rows are left on the wire. A server that says nothing for ``read_timeout`` seconds counts as lost (2013).

    Raises ConnectError, AccessError, ServerError, and IncompleteRunError if another server answers than the endpoint's.
    """

    def __init__(self, endpoint: Endpoint, state: SessionState, read_timeout: int = READ_TIMEOUT) -> None:
        self.endpoint = endpoint
        self._connection = _connect(endpoint, read_timeout)
        try:
            self.flavor = Flavor.parse(_text(self._connection.get_server_info()))
            _check_encryption(self, endpoint)
            for statement in state(self.flavor):
                self.execute(statement)
            require_server(self, endpoint.server)  # not before: the server may allow statements a millisecond
            if not endpoint.binlog:
                self.execute(NOT_LOGGED)
        except BaseException:
            self.close()
            raise

    def execute(self, sql: str, encoding: str = "utf-8") -> int:
        """Run a statement that returns no rows; returns the rows it affected.

        ``encoding`` is Python's name for the session's character_set_client. Raises ServerError.
        """
        with _server_errors(self.endpoint):
            self._connection.query(sql.encode(encoding))
            return int(self._connection.affected_rows())

    def rows(self, sql: str) -> list[Row]:
        """All rows of a query, fetched at once. Raises ServerError."""
        with _server_errors(self.endpoint):
            self._connection.query(sql.encode())
            result = self._connection.store_result()
            return list(result.fetch_row(maxrows=0)) if result else []

    def named_rows(self, sql: str) -> list[dict[str, str]]:
        """As `text_rows`, by the names of the columns; for statements whose columns differ between versions."""
        with _server_errors(self.endpoint):
            self._connection.query(sql.encode())
            result = self._connection.store_result()
            names = [column[0] for column in result.describe()]
            rows = result.fetch_row(maxrows=0)
        texts = _Texts()
        return [dict(zip(names, texts.of(row), strict=True)) for row in rows]

    def text_rows(self, sql: str) -> list[tuple[str, ...]]:
        """As `rows`, decoded as UTF-8; NULL becomes the empty string. For metadata sessions."""
        texts = _Texts()
        return [texts.of(row) for row in self.rows(sql)]

    def text_stream(self, sql: str) -> Iterator[tuple[str, ...]]:
        """As `text_rows`, read from the wire as they are asked for; read all before the next statement."""
        texts = _Texts()
        for batch in self.stream(sql, _TEXT_ROWS_AT_ONCE):
            yield from map(texts.of, batch)

    def pairs(self, sql: str) -> list[tuple[str, str]]:
        """As `text_rows`, for a query of two columns."""
        return [(first, second) for first, second in self.text_rows(sql)]

    def value(self, sql: str) -> bytes | None:
        """The first column of the only row of a query. Raises ServerError."""
        (row,) = self.rows(sql)
        return row[0]

    def texts(self, sql: str) -> tuple[str, ...]:
        """As `text_rows`, the only row of a query."""
        (row,) = self.text_rows(sql)
        return row

    def stream(self, sql: str, batch_rows: int) -> Iterator[tuple[Row, ...]]:
        """Batches of at most ``batch_rows`` rows, read from the wire as they are asked for.

        Memory is bounded by one batch. Raises ServerError; the session is closed if the rows are not all read.
        """
        finished, result = False, None
        try:
            with _server_errors(self.endpoint):
                self._connection.query(sql.encode())
                result = self._connection.use_result()
            while True:
                with _server_errors(self.endpoint):
                    batch = result.fetch_row(maxrows=batch_rows)
                if not batch:
                    finished = True
                    return
                yield batch
        finally:
            if not finished:
                self._abandon(result)

    def stream_by_size(self, sql: str, batch_rows: int, batch_bytes: int) -> Iterator[list[Row]]:
        """As `stream`, for rows that may be long: a batch ends with the row that brings it to ``batch_bytes``.

        Memory is bounded by that and one row. A row costs some 0.5 µs more than in `stream`.
        """
        finished, result = False, None
        try:
            with _server_errors(self.endpoint):
                self._connection.query(sql.encode())
                result = self._connection.use_result()
                fetch = result.fetch_row
            while not finished:
                batch: list[Row] = []
                size = 0
                with _server_errors(self.endpoint):
                    while size < batch_bytes and len(batch) < batch_rows:
                        found = fetch(1)
                        if not found:
                            finished = True
                            break
                        batch += found
                        size += sum(map(len, filter(None, found[0])))
                if batch:
                    yield batch
        finally:
            if not finished:
                self._abandon(result)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction that is committed at the end, and rolled back after an error. Raises ServerError."""
        self.execute("START TRANSACTION")
        try:
            yield
        except BaseException:
            with suppress(ServerError):
                self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    @contextmanager
    def consistent_snapshot(self) -> Iterator[None]:
        """All reads inside see the InnoDB tables as they were at the start. Raises ServerError."""
        self.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        yield
        self.execute("COMMIT")

    def require_moment(self) -> None:
        """Raise SnapshotError if the session reads in a moment that is over; by itself it reads in none."""

    def _abandon(self, result: Any) -> None:
        """Deal with the rows of a query that nobody reads on; ``result`` is None if the query itself failed."""
        self.close()

    def close(self) -> None:
        """Close the connection; harmless when it is closed already or lost."""
        with suppress(_mysql.Error):
            self._connection.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class _Texts(dict["bytes | None", str]):
    """The texts that a result's fields hold, each once: catalogs repeat names and types in every row."""

    def of(self, row: Row) -> tuple[str, ...]:
        return tuple(map(self.__getitem__, row))

    def __missing__(self, value: bytes | None) -> str:
        text = self[value] = "" if value is None else value.decode("utf-8", "surrogateescape")
        return text


def _connect(endpoint: Endpoint, read_timeout: int) -> Any:
    # local_infile=0 is said out loud: left out, libmariadb sends any file the server names (measured).
    arguments: dict[str, Any] = {
        "user": endpoint.user,
        "password": endpoint.password,
        "conv": {},
        "local_infile": 0,
        "connect_timeout": CONNECT_TIMEOUT,
        "read_timeout": read_timeout,
        "write_timeout": READ_TIMEOUT,
        "ssl_mode": endpoint.effective_ssl_mode,
    }
    if endpoint.unix_socket:
        arguments["unix_socket"] = endpoint.unix_socket
    else:
        # "localhost" would make the library look for a socket file of its own choosing.
        arguments |= {"host": _tcp_host(endpoint), "port": endpoint.port}
    files = {"ca": endpoint.ssl_ca, "cert": endpoint.ssl_cert, "key": endpoint.ssl_key}
    if given := {name: path for name, path in files.items() if path}:
        arguments["ssl"] = given
    try:
        connection = _mysql.connect(**arguments)  # type: ignore[no-untyped-call]
        if not endpoint.unix_socket:
            keep_alive(connection.fileno())
        return connection
    except (_mysql.Error, OSError) as error:  # the system's, of a connection that is cut as soon as it is there
        kind = AccessError if _number(error) in DENIED else ConnectError
        raise kind(f"cannot connect to {endpoint}: {_message(error)}") from error


def _tcp_host(endpoint: Endpoint) -> str:
    return "127.0.0.1" if endpoint.host == "localhost" else endpoint.host


def _check_encryption(session: Session, endpoint: Endpoint) -> None:
    # libmariadb with REQUIRED connects in plain text to a server that offers no TLS (measured, 3.3.20).
    if endpoint.effective_ssl_mode == "DISABLED":
        return
    cipher = session.rows("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    if not cipher or not cipher[0][1]:
        raise ConnectError(
            f"{endpoint} offers no TLS but ssl_mode {endpoint.effective_ssl_mode} asks for it; "
            "set up TLS on the server, or say ssl_mode=DISABLED if the network may be trusted"
        )


@contextmanager
def _server_errors(endpoint: Endpoint) -> Iterator[None]:
    try:
        yield
    except _mysql.Error as error:
        raise ServerError.of(endpoint, _number(error), _message(error)) from error


def _number(error: Exception) -> int:
    first = error.args[0] if error.args else 0
    return first if isinstance(first, int) else 0


def _message(error: Exception) -> str:
    return str(error.args[1]) if len(error.args) > 1 else str(error)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
