"""The session state that every connection pins, with the reason for each setting.

Nothing is inherited from a server's configuration: sql_mode, time zone and character set change what a
value looks like as text, and a result that depends on them cannot be compared.
"""

from __future__ import annotations

from collections.abc import Callable

from airflow_mydump.engine.server.flavor import Flavor

SessionState = Callable[[Flavor], tuple[str, ...]]
"""Which statements put a fresh connection to a server of this flavor into a known state."""


WAIT_SECONDS = 28800
"""How long a session may be silent that holds no lock."""

SILENCE_SECONDS = 3600
"""How long the other end may be silent in the middle of something, before it counts as lost."""


def _for_every_purpose(flavor: Flavor) -> tuple[str, ...]:
    return (
        # TIMESTAMP converts through the session's zone; only UTC has no hour that is skipped or doubled.
        "time_zone = '+00:00'",
        # A chunk may take hours: neither a statement limit nor a slow peer on the other side may cut it.
        f"{flavor.statement_timeout_variable} = 0",
        f"net_read_timeout = {SILENCE_SECONDS}",
        f"net_write_timeout = {SILENCE_SECONDS}",
        f"wait_timeout = {WAIT_SECONDS}",
        # DDL waits for metadata locks; the default of a year on both vendors would look like a hang.
        "lock_wait_timeout = 300",
        # DEFAULT would be the server's global value, which cuts catalogs and tables short in silence.
        "sql_select_limit = 18446744073709551615",
        "sql_big_selects = 1",
        "sql_safe_updates = 0",
        "sql_quote_show_create = 1",
    )


NOT_LOGGED = "SET sql_log_bin = 0"
"""For a connection whose user wants its changes neither in the server's binary log nor on its replicas.

Loading costs the server 20 % (MariaDB 10.11) to 30 % (MySQL 9.7) less then (measured). Needs a privilege, see
`Flavor.unlogged_privilege`; the server says 1227 without it.
"""


def metadata(flavor: Flavor) -> tuple[str, ...]:
    """For information_schema, SHOW CREATE and DDL: names and definitions travel as UTF-8."""
    # A TIMESTAMP without a default would be given one where the server's own setting is OFF.
    defaults = "explicit_defaults_for_timestamp = 1, " if flavor.pins_timestamp_defaults else ""
    return (
        "SET NAMES utf8mb4",
        f"SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', autocommit = 1, {defaults}"
        # Tables and foreign keys are made in an order that need not please every reference yet.
        "foreign_key_checks = 0, " + ", ".join(_for_every_purpose(flavor)),
        "SET SESSION TRANSACTION READ WRITE",
    )


def reading(flavor: Flavor) -> tuple[str, ...]:
    """For rows: the server sends stored bytes and converts nothing.

    Statements are in UTF-8 all the same: a user's condition must mean what it means elsewhere, and with `NAMES
    binary` a text in it would be compared byte by byte, whatever the column's collation.
    """
    return (
        "SET NAMES utf8mb4",
        "SET character_set_results = binary",
        # A key may hold dates that no calendar has; without this MySQL refuses them as literals (error 1525).
        "SET sql_mode = 'ALLOW_INVALID_DATES', autocommit = 1, " + ", ".join(_for_every_purpose(flavor)),
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        # It may wait in its snapshot for a slow target, and for no longer than that may be silent.
        f"SET SESSION wait_timeout = {SILENCE_SECONDS}",
    )


def loading(flavor: Flavor) -> tuple[str, ...]:
    """For LOAD DATA on the target.

    - STRICT_ALL_TABLES: what does not fit is an error, not a changed value. (With LOCAL it becomes a
      warning, which the loader treats as a failure.)
    - NO_AUTO_VALUE_ON_ZERO: a stored 0 in an AUTO_INCREMENT column stays 0.
    - ALLOW_INVALID_DATES, and no NO_ZERO_DATE: dates that the source holds are taken as they are.
    - unique_checks stays 1: with 0, MariaDB's bulk insert locks the table, so that parallel chunks wait
      for each other; it was slower on MariaDB and equal on MySQL.
    - sql_notes 0: a generated DECIMAL that is rounded gives a note for every row, which LOAD DATA counts among its
      warnings. A stored value that was rounded would be a note as well; verification sees it.
    - foreign_key_checks 0: rows arrive in any order; foreign keys are added after the data.
    - READ COMMITTED: no gap locks between loaders of neighbouring chunks.
    - system_versioning_insert_history: history that is to be kept comes with the times that it had.
    """
    history = ("SET system_versioning_insert_history = 1",) if flavor.can_insert_history else ()
    return (
        "SET NAMES binary",
        "SET sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', autocommit = 0, "
        "unique_checks = 1, foreign_key_checks = 0, sql_notes = 0, innodb_lock_wait_timeout = 120, "
        + ", ".join(_for_every_purpose(flavor)),
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE",
        *history,
    )
