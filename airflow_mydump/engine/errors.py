"""Every error the engine raises.

::

    MydumpError
    ├── ConfigurationError     an option, URI or directory cannot be used as given
    ├── ConnectError           a server cannot be reached, or refuses the account or the TLS terms
    │   └── AccessError        … for good: name or password are wrong, or the account may not
    ├── SelectionError         the selection names what is not there, or selects nothing
    ├── PreflightError         a run would fail or lose something, so it was not begun
    ├── DefinitionError        a table's or object's definition has a form that this version cannot read
    ├── ServerError            a server refused a statement; carries its error number
    ├── SnapshotError          workers have no common snapshot, or lost it; all of them may try again
    │   └── WorkerLostError    … because one lost its connection, or failed: they may come together at once
    ├── FramingCollision       a delimiter occurs in the data; another draw of delimiters is due
    ├── LoadMismatchError      a target did not take exactly the rows it was sent; rolled back
    ├── DumpError              a dump directory cannot be used: damaged, incomplete, or with what must not be run
    ├── VerificationError      the target does not hold what the source held
    └── IncompleteRunError     something planned was not done, or not verified

Messages name the thing, say what happened and what to do; they never carry a value out of a row.
All errors survive pickling, because they cross process borders.
"""

from __future__ import annotations

from airflow_mydump.engine.error_number import LOST, TERMINAL, TRANSIENT


class MydumpError(Exception):
    """Root of all errors raised on purpose by this package."""

    retryable: bool = False
    """Whether the same step, tried again unchanged, may well succeed."""


class ConfigurationError(MydumpError):
    """An option, URI or directory cannot be used as given; nothing was changed."""


class ConnectError(MydumpError):
    """A server cannot be reached, or refuses the account or the TLS terms."""

    retryable = True


class AccessError(ConnectError):
    """A server refuses the account: no number of tries helps."""

    retryable = False


class SelectionError(MydumpError):
    """The selection names what is not there, or selects nothing; nothing was changed."""


class PreflightError(MydumpError):
    """The run would fail or lose something, so it was not begun; nothing was changed."""


class DefinitionError(MydumpError):
    """The definition of a table or object has a form that this version cannot read."""


class ServerError(MydumpError):
    """A server refused a statement or went away.

    ``number`` is the server's or client library's error number, 0 where there is none; ``passes`` tells whether the
    same step, tried again after a pause and on a new connection, may well succeed.
    """

    def __init__(self, number: int, message: str) -> None:
        super().__init__(number, message)
        self.number = number
        self.passes = number in TRANSIENT
        self.retryable = number not in TERMINAL
        self.message = message

    def __str__(self) -> str:
        return f"{self.message} (error {self.number})"

    @classmethod
    def of(cls, server: object, number: int, message: str) -> ServerError:
        """What a server answered; the server is named if the connection to it was lost."""
        return cls(number, f"{server}: {message}" if number in LOST else message)

    def during(self, what: str) -> ServerError:
        """The same error, saying what was being done when the server raised it, if it does not yet."""
        if self.message.startswith(what):
            return self
        said = ServerError(self.number, f"{what}: {self.message}")
        return said.passing() if self.passes else said

    def passing(self) -> ServerError:
        """This error, which passes here by itself though its number elsewhere says that it does not."""
        self.passes = self.retryable = True
        return self


class SnapshotError(MydumpError):
    """Workers could not begin in one moment of the source, or lost it: a new snapshot is due, for all of them."""

    retryable = True


class WorkerLostError(SnapshotError):
    """… because a worker lost a connection, this one or another, or failed: they may come together again at once.

    Another one's error, if there is one, says why.
    """


class FramingCollision(MydumpError):
    """A delimiter occurs in the data; the chunk is rolled back and framed with other delimiters."""

    retryable = True


class LoadMismatchError(MydumpError):
    """A target did not take exactly the rows it was sent; the chunk was rolled back."""

    retryable = True


class DumpError(MydumpError):
    """A dump directory cannot be used: a file is damaged, missing, unknown or holds what must not be run.

    What was being loaded was rolled back.
    """


class VerificationError(MydumpError):
    """The target does not hold what the source held."""


class IncompleteRunError(MydumpError):
    """Something planned was not done, or not verified."""
