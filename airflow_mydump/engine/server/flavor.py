"""Which server this is, and every question whose answer depends on it.

Callers ask by meaning (``has_native_json``), never by vendor or version number, so that a version
question has one home. Versions are compared as numbers, vendor first: MySQL's 9.x and MariaDB's
10.x share no history, and calendar versions (26.7) have broken tools that compare digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from airflow_mydump.engine.identifier import literal

Vendor = Literal["mysql", "mariadb"]


@dataclass(frozen=True)
class Flavor:
    """Vendor and version of a server."""

    vendor: Vendor
    version: tuple[int, int, int]

    @classmethod
    def parse(cls, server_info: str) -> Flavor:
        """Read the version that a server sends in its greeting, such as ``10.11.19-MariaDB-deb12u1``.

        MariaDB up to 10.x puts ``5.5.5-`` before its version, for replicas that know no two-digit majors.

        Raises ValueError if there is no version number in it.
        """
        vendor: Vendor = "mariadb" if "mariadb" in server_info.lower() else "mysql"
        text = server_info.removeprefix("5.5.5-") if vendor == "mariadb" else server_info
        found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
        if not found:
            raise ValueError(f"no version number in the server's greeting {server_info!r}")
        major, minor, patch = (int(part or 0) for part in found.groups())
        return cls(vendor, (major, minor, patch))

    def __str__(self) -> str:
        name = "MariaDB" if self.vendor == "mariadb" else "MySQL"
        return f"{name} {'.'.join(map(str, self.version))}"

    @property
    def oldest_supported(self) -> Flavor:
        """The oldest version of the vendor that this package works with."""
        return Flavor("mariadb", (10, 4, 0)) if self.vendor == "mariadb" else Flavor("mysql", (5, 7, 0))

    @property
    def statement_timeout_variable(self) -> str:
        """The session variable that ends long statements; pinned to 0, a long read is no mistake here."""
        return "max_statement_time" if self.vendor == "mariadb" else "max_execution_time"

    @property
    def binary_log_status(self) -> str:
        """The statement that shows the position in the binary log; MySQL 8.2 renamed it and 8.4 dropped the old one."""
        renamed = self.vendor == "mysql" and self.version >= (8, 2, 0)
        return "SHOW BINARY LOG STATUS" if renamed else "SHOW MASTER STATUS"

    @property
    def replica_status(self) -> str:
        """The statement that shows what a replica does, a row for each server that it follows."""
        # Without ALL, MariaDB shows the connection that has no name, and MySQL each.
        return "SHOW ALL SLAVES STATUS" if self.vendor == "mariadb" else f"SHOW {self._replica} STATUS"

    def stop_applier(self, connection: str) -> str:
        """The statement that stops the applier of a replica's only connection, and lets it go on receiving."""
        return f"STOP {self._replica}{self._named(connection)} SQL_THREAD"

    def start_applier(self, connection: str) -> str:
        """The statement that lets it go on; harmless where it does, and where it is being stopped done after that."""
        # ALL SLAVES would leave out those that are being stopped (MariaDB 10.11).
        return f"START {self._replica}{self._named(connection)} SQL_THREAD"

    def _named(self, connection: str) -> str:
        return f" {literal(connection)}" if self.vendor == "mariadb" else ""

    @property
    def _replica(self) -> str:
        # MySQL 8.0.22 renamed the statements, and 8.4 dropped the old ones.
        return "REPLICA" if self.vendor == "mysql" and self.version >= (8, 0, 22) else "SLAVE"

    @property
    def applier_privileges(self) -> tuple[str, ...]:
        """Privileges to stop and start a replica's applier; any of them is enough."""
        if self.vendor == "mysql":
            return ("REPLICATION_SLAVE_ADMIN", "SUPER")
        return ("REPLICATION SLAVE ADMIN", "SUPER")

    @property
    def replica_status_privileges(self) -> tuple[str, ...]:
        """Privileges to see what a replica does; any of them is enough."""
        if self.vendor == "mysql":
            return ("REPLICATION CLIENT", "SUPER")
        if self.version >= (10, 5, 9):  # which shows the same privilege as REPLICA MONITOR or SLAVE MONITOR
            return ("SLAVE MONITOR", "REPLICA MONITOR", "SUPER")
        return ("REPLICATION SLAVE ADMIN", "REPLICATION CLIENT", "SUPER")

    @property
    def binary_log_privilege(self) -> str:
        """The privilege to see the position in the binary log."""
        return "BINLOG MONITOR" if self.vendor == "mariadb" and self.version >= (10, 5, 2) else "REPLICATION CLIENT"

    @property
    def has_super_read_only(self) -> bool:
        """Whether a server can be made to refuse the writes of administrators, too."""
        return self.vendor == "mysql"

    @property
    def kill_privileges(self) -> tuple[str, ...]:
        """Privileges to kill what other accounts run; any of them is enough."""
        if self.vendor == "mysql":
            return ("CONNECTION_ADMIN", "SUPER") if self.version >= (8, 0, 0) else ("SUPER",)
        return ("CONNECTION ADMIN", "SUPER") if self.version >= (10, 5, 2) else ("SUPER",)

    @property
    def has_backup_lock(self) -> bool:
        """Whether LOCK INSTANCE FOR BACKUP keeps definitions from changing; MySQL 8.0.11 brought it."""
        return self.vendor == "mysql" and self.version >= (8, 0, 11)

    @property
    def locks_pass_prepared(self) -> bool:
        """Whether read locks on tables are granted though a prepared transaction has written to them that no session
        has any more, and let it be committed (MariaDB 10.11; MySQL 9.7 refuses them)."""
        return self.vendor == "mariadb"

    @property
    def logging_keeps_tables(self) -> bool:
        """Whether a session that writes to the binary log keeps what it has read until its transaction ends, and each
        further table costs it more (MariaDB 10.11: 2 ms after 6,000); others let go when they roll back."""
        return self.vendor == "mariadb"

    @property
    def dates_tables_when_told(self) -> bool:
        """Whether CREATE_TIME is when the statement was given that made or altered a table, on a replica when it was on
        the primary, however long it took or waited (MySQL 8). Elsewhere it is when the table's file got its name."""
        return self.has_dictionary

    @property
    def has_server_uuid(self) -> bool:
        """Whether the server has an identity of its own (``server_uuid``), made with its data directory."""
        return self.vendor == "mysql"

    @property
    def gtid_variable(self) -> str:
        """The global variable with the transactions that are in the binary log."""
        return "gtid_binlog_pos" if self.vendor == "mariadb" else "gtid_executed"

    @property
    def unlogged_privilege(self) -> str:
        """The privilege for changes that are kept out of the binary log."""
        if self.vendor == "mysql":
            return "SESSION_VARIABLES_ADMIN" if self.version >= (8, 0, 14) else "SUPER"
        return "BINLOG ADMIN" if self.version >= (10, 5, 2) else "SUPER"

    @property
    def usable_index_condition(self) -> str:
        """The condition on information_schema.STATISTICS for an index that a query may name in FORCE INDEX."""
        if self.vendor == "mysql":
            return "IS_VISIBLE = 'YES'" if self.version >= (8, 0, 0) else "TRUE"
        return "IGNORED = 'NO'" if self.version >= (10, 6, 0) else "TRUE"

    @property
    def misorders_unpadded_char(self) -> bool:
        r"""Whether an index on a CHAR column with a NO PAD collation has another order than comparisons.

        MariaDB 10.11: the index compares padded values, so ``c < 'b\t'`` misses 'b' if it is read through the index.
        """
        return self.vendor == "mariadb"

    @property
    def pins_timestamp_defaults(self) -> bool:
        """Whether a session may say that TIMESTAMP columns get no default by themselves, and needs no privilege."""
        return self.vendor == "mariadb" and self.version >= (10, 8, 4)

    @property
    def can_insert_history(self) -> bool:
        """Whether rows of system-versioned tables may be given with the time when they were current."""
        return self.vendor == "mariadb" and self.version >= (10, 11, 0)

    @property
    def last_moment(self) -> str:
        """The end of timestamps, until which current rows of system-versioned tables are said to be."""
        return "2106-02-07 06:28:15.999999" if self.version >= (11, 5, 0) else "2038-01-19 03:14:07.999999"

    @property
    def row_counters(self) -> tuple[str, ...]:
        """The status variables that count the rows which were written; those of InnoDB are gone from MariaDB (10.6),
        and MySQL counts what queries write for themselves among those of the handlers."""
        if self.vendor == "mysql":
            return ("Innodb_rows_deleted", "Innodb_rows_inserted", "Innodb_rows_updated")
        return ("Handler_delete", "Handler_update", "Handler_write")

    @property
    def tablespaces(self) -> str:
        """The information_schema table with the size of every InnoDB file."""
        return "INNODB_TABLESPACES" if self.has_dictionary else "INNODB_SYS_TABLESPACES"

    @property
    def has_dictionary(self) -> bool:
        """Whether information_schema shows tables and their files from a dictionary that has keys, and not from what
        lies in folders. Such a server takes seconds for InnoDB's own list of tables, which others show in no time."""
        return self.vendor == "mysql" and self.version >= (8, 0, 0)
