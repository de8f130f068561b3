"""What a server's connections are doing."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_mydump.engine.server.session import Session

_IDLE = ("Sleep", "Binlog Dump", "Binlog Dump GTID", "Daemon")
_APPLIER = "system user"
_SERVERS_OWN = (_APPLIER, "event_scheduler", "unauthenticated user")
_RUNNING = ("Query", "Execute")


@dataclass(frozen=True)
class Process:
    """One connection; without the text of its statement, which may hold values. ``seconds`` is for how long it has been
    doing what it does."""

    connection: int
    user: str
    command: str
    seconds: float

    @property
    def is_idle(self) -> bool:
        """Whether it waits for something to do, or sends what others did."""
        return self.command in _IDLE

    @property
    def is_applier(self) -> bool:
        """Whether it does what another server did."""
        return self.user == _APPLIER

    @property
    def is_query(self) -> bool:
        """Whether it runs a statement for somebody."""
        return self.command in _RUNNING and self.user not in _SERVERS_OWN

    def __str__(self) -> str:
        return f"connection {self.connection} of {self.user} for {self.seconds:.0f} s"


def read_processes(session: Session) -> list[Process]:
    """All that the account may see: without PROCESS, its own. Raises ServerError."""
    # SHOW, because information_schema's list is deprecated on MySQL, and performance_schema may be off.
    return [Process(int(row[0]), row[1], row[4], float(row[5] or 0)) for row in session.text_rows("SHOW PROCESSLIST")]
