"""What cannot work is said in one sentence before anything is changed on the target."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pymysql
import pytest
from sandbox.server import Account, Server

from airflow_mydump import cli
from airflow_mydump.engine.selection.selection import LEDGER_SCHEMA
from tests.integration.contents import everything
from tests.integration.pair import Pair, rows_of, run_sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("without_ledger")

SOURCE_PRIVILEGES = ("SELECT", "SHOW VIEW", "TRIGGER", "EVENT")
TARGET_PRIVILEGES = (
    "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "INDEX", "REFERENCES", "CREATE VIEW",
    "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "TRIGGER", "EVENT",
)  # fmt: skip


@dataclass
class Command:
    """`airflow_mydump copy` in this process: what it says, and whether it left the target alone."""

    pair: Pair
    database: str
    work: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def fails(self, *arguments: str, status: Any = 1, **servers: Any) -> str:
        """The sentence it fails with; `source` and `target` are a server, an account on it, or a URI."""
        self._log_in(**servers)
        before = everything(self.pair.target)
        self.capsys.readouterr()
        assert cli.main(["copy", "--threads", "1", "--work-directory", str(self.work), *arguments]) == status
        error = self.capsys.readouterr().err
        assert error.startswith("airflow_mydump: ")
        assert error.count("\n") == 1
        assert "Traceback" not in error
        for server in (self.pair.source, self.pair.target):
            assert server.password not in error
        assert everything(self.pair.target) == before
        assert LEDGER_SCHEMA not in before
        return error

    def works(self, *arguments: str, **servers: Any) -> str:
        self._log_in(**servers)
        status = cli.main(["copy", "--threads", "1", "--work-directory", str(self.work), *arguments])
        output = self.capsys.readouterr()
        assert status == 0, output.err
        return output.out

    def _log_in(self, **servers: Any) -> None:
        for side, server in {"source": self.pair.source, "target": self.pair.target, **servers}.items():
            if isinstance(server, Account):
                home = self.pair.source if side == "source" else self.pair.target
                uri, password = f"mysql://{server.user}@{home.host}:{home.port}/", server.password
            elif isinstance(server, Server):
                uri, password = f"mysql://{server.user}@{server.host}:{server.port}/", server.password
            else:
                uri, password = str(server), (self.pair.source if side == "source" else self.pair.target).password
            self.monkeypatch.setenv(f"MYDUMP_{side.upper()}_URI", uri)
            self.monkeypatch.setenv(f"MYDUMP_{side.upper()}_PASSWORD", password)


@pytest.fixture
def copy(
    pair: Pair, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    run_sql(
        pair.source,
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))",
        "INSERT INTO t VALUES (1, 'x')",
        "CREATE VIEW w AS SELECT * FROM t",
        database=database,
    )
    return Command(pair, database, tmp_path, monkeypatch, capsys)


@contextlib.contextmanager
def account(server: Server, *grants: str, user: str = "limited") -> Iterator[Account]:
    """An account with nothing but these grants."""
    login = Account(user, "few rights")
    name = f"'{login.user}'@'{server.host}'"
    run_sql(server, f"CREATE USER {name} IDENTIFIED BY '{login.password}'")
    try:
        run_sql(server, *(f"GRANT {grant} TO {name}" for grant in grants))
        yield login
    finally:
        run_sql(server, f"DROP USER {name}")


def test_an_unknown_database(copy: Command) -> None:
    assert "no database nowhere" in copy.fails("--schemas", f"{copy.database},nowhere", status=2)


def test_a_selection_without_a_table(copy: Command) -> None:
    assert "no table" in copy.fails("--schemas", copy.database, "--include", "absent*", status=2)


def test_an_empty_database(copy: Command) -> None:
    run_sql(copy.pair.source, f"CREATE DATABASE {copy.database}_empty")
    assert "no table" in copy.fails("--schemas", f"{copy.database}_empty", status=2)


@pytest.mark.parametrize("schemas", ["mysql", "information_schema", "sys", "Performance_Schema", "airflow_mydump"])
def test_a_database_of_the_server(copy: Command, schemas: str) -> None:
    assert "belongs to the server" in copy.fails("--schemas", schemas, status=2)


def test_no_database_named(copy: Command) -> None:
    assert "name at least one" in copy.fails("--schemas", ",", status=2)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_database_onto_itself(copy: Command, host: str) -> None:
    source = copy.pair.source
    before = everything(source)
    error = copy.fails(
        "--schemas", copy.database, target=f"mysql://{source.user}:{source.password}@{host}:{source.port}/"
    )
    assert "the same server" in error
    assert everything(source) == before


def test_a_database_onto_another_one_that_is_read(copy: Command) -> None:
    source, other = copy.pair.source, f"{copy.database}_b"
    run_sql(source, f"CREATE DATABASE {other}", f"CREATE TABLE {other}.t (v INT)")
    error = copy.fails(
        "--schemas", f"{copy.database},{other}",
        "--rename", f"{copy.database}={other}", "--rename", f"{other}={copy.database}",
        target=source,
    )  # fmt: skip
    assert "the same server" in error


def test_a_copy_beside_the_original_is_fine(copy: Command) -> None:
    source, beside = copy.pair.source, f"{copy.database}_beside"
    try:
        copy.works("--schemas", copy.database, "--rename", f"{copy.database}={beside}", target=source)
    finally:
        run_sql(source, f"DROP DATABASE IF EXISTS {LEDGER_SCHEMA}")
    assert rows_of(source, f"SELECT * FROM {beside}.w") == [(1, "x")]


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_wrong_password(copy: Command, side: str) -> None:
    server = copy.pair.source if side == "source" else copy.pair.target
    secret = "wr0ng&secret"
    error = copy.fails(
        "--schemas", copy.database, **{side: f"mysql://{server.user}:{secret}@{server.host}:{server.port}/"}
    )
    assert "Access denied" in error
    assert secret not in error


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_server_that_is_down(copy: Command, side: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        error = copy.fails("--schemas", copy.database, **{side: f"mysql://someone@127.0.0.1:{port}/"})
    assert f"cannot connect to someone@127.0.0.1:{port}" in error


def test_a_host_that_does_not_exist(copy: Command) -> None:
    assert "cannot connect to" in copy.fails(
        "--schemas", copy.database, target="mysql://someone@no-such-host.invalid:3306/"
    )


def test_plain_text_where_tls_is_asked_for(copy: Command) -> None:
    target = copy.pair.target
    uri = f"mysql://{target.user}@{target.host}:{target.port}/?ssl_mode=REQUIRED"
    if copy.pair.is_mysql:  # makes certificates of its own
        copy.works("--schemas", copy.database, target=uri)
    else:
        assert "TLS" in copy.fails("--schemas", copy.database, target=uri)


def test_a_certificate_that_nobody_trusts(copy: Command) -> None:
    target = copy.pair.target
    uri = f"mysql://{target.user}@{target.host}:{target.port}/?ssl_mode=VERIFY_CA"
    assert "cannot connect to" in copy.fails("--schemas", copy.database, target=uri) or not copy.pair.is_mysql


@pytest.mark.parametrize("privilege", SOURCE_PRIVILEGES)
def test_a_source_account_that_may_not_see_everything(copy: Command, privilege: str) -> None:
    granted = [name for name in SOURCE_PRIVILEGES if name != privilege]
    everywhere = "SHOW_ROUTINE ON *.*" if copy.pair.is_mysql else "SELECT ON mysql.*"
    with account(copy.pair.source, f"{', '.join(granted)} ON {copy.database}.*", everywhere) as login:
        error = copy.fails("--schemas", copy.database, source=login)
    assert f"source account limited lacks {privilege} on {copy.database}.*" in error


def test_a_source_account_that_sees_only_some_tables(copy: Command) -> None:
    run_sql(copy.pair.source, "CREATE TABLE hidden (v INT)", database=copy.database)
    with account(copy.pair.source, f"SELECT ON {copy.database}.t") as login:
        assert "lacks SELECT" in copy.fails("--schemas", copy.database, source=login)


def test_a_source_account_that_sees_no_routine(copy: Command) -> None:
    with account(copy.pair.source, f"{', '.join(SOURCE_PRIVILEGES)} ON {copy.database}.*") as login:
        assert "cannot see every routine" in copy.fails("--schemas", copy.database, source=login)


@pytest.mark.parametrize("privilege", TARGET_PRIVILEGES)
def test_a_target_account_that_may_not_write(copy: Command, privilege: str) -> None:
    granted = ", ".join(name for name in TARGET_PRIVILEGES if name != privilege)
    with account(copy.pair.target, f"{granted} ON {copy.database}.*", f"ALL ON {LEDGER_SCHEMA}.*") as login:
        error = copy.fails("--schemas", copy.database, target=login)
    assert f"target account limited lacks {privilege} on {copy.database}.*" in error


def test_a_target_account_without_a_ledger(copy: Command) -> None:
    with account(copy.pair.target, f"ALL ON {copy.database}.*") as login:
        assert f"on {LEDGER_SCHEMA}.*" in copy.fails("--schemas", copy.database, target=login)


def test_a_target_account_that_may_not_leave_out_the_binary_log(copy: Command) -> None:
    granted = (f"ALL ON {copy.database}.*", f"ALL ON {LEDGER_SCHEMA}.*")
    privilege = "SESSION_VARIABLES_ADMIN" if copy.pair.is_mysql else "BINLOG ADMIN"
    run_sql(copy.pair.source, f"DROP VIEW {copy.database}.w")
    with account(copy.pair.target, *granted) as login:
        error = copy.fails("--schemas", copy.database, "--no-binlog", target=login)
        assert f"grant it {privilege} on *.*" in error
        run_sql(copy.pair.target, f"GRANT {privilege} ON *.* TO '{login.user}'@'{copy.pair.target.host}'")
        copy.works("--schemas", copy.database, "--no-binlog", target=login)


def test_accounts_with_just_what_is_asked_for_are_enough(copy: Command) -> None:
    everywhere = "SHOW_ROUTINE ON *.*" if copy.pair.is_mysql else "SELECT ON mysql.*"
    reading = f"{', '.join(SOURCE_PRIVILEGES)} ON {copy.database}.*"
    ledger = f"SELECT, INSERT, UPDATE, DELETE, CREATE, DROP ON {LEDGER_SCHEMA}.*"
    writing = f"{', '.join(TARGET_PRIVILEGES)} ON {copy.database}.*"
    run_sql(
        copy.pair.source,
        f"DROP VIEW {copy.database}.w",
        f"ALTER TABLE {copy.database}.t ADD parent INT, ADD FOREIGN KEY (parent) REFERENCES t (id)",
        database=copy.database,
    )
    lock = "RELOAD ON *.*"
    with (
        account(copy.pair.source, reading, everywhere, lock) as source,
        account(copy.pair.target, writing, ledger) as target,
    ):
        copy.works("--schemas", copy.database, source=source, target=target)
        copy.works("--schemas", copy.database, source=source, target=target)


def test_a_source_account_that_may_not_take_the_lock_of_a_snapshot(copy: Command) -> None:
    everywhere = "SHOW_ROUTINE ON *.*" if copy.pair.is_mysql else "SELECT ON mysql.*"
    run_sql(copy.pair.source, f"DROP VIEW {copy.database}.w")
    with account(copy.pair.source, f"{', '.join(SOURCE_PRIVILEGES)} ON {copy.database}.*", everywhere) as login:
        assert "GRANT RELOAD ON *.* to it, or choose consistency none" in copy.fails(
            "--schemas", copy.database, source=login
        )
        copy.works("--schemas", copy.database, "--consistency", "none", source=login)


def test_a_definer_that_the_target_account_may_not_name(copy: Command) -> None:
    """The view's definer is the administrator: to make it in his name takes a right that is asked for beforehand."""
    grants = (f"{', '.join(TARGET_PRIVILEGES)} ON {copy.database}.*", f"ALL ON {LEDGER_SCHEMA}.*")
    with account(copy.pair.target, *grants) as login:
        error = copy.fails("--schemas", copy.database, target=login)
    assert "definer" in error.lower()


def test_a_target_that_is_read_only(copy: Command) -> None:
    run_sql(copy.pair.target, "SET GLOBAL read_only = 1")
    try:
        assert "read_only" in copy.fails("--schemas", copy.database)
    finally:
        run_sql(copy.pair.target, "SET GLOBAL read_only = 0")


def test_a_foreign_key_to_a_table_that_is_left_out(copy: Command) -> None:
    run_sql(
        copy.pair.source,
        "CREATE TABLE child (t INT, CONSTRAINT up FOREIGN KEY (t) REFERENCES t (id))",
        database=copy.database,
    )
    error = copy.fails("--schemas", copy.database, "--exclude", "t", "--exclude", "w")
    assert "foreign key up" in error
    assert f"{copy.database}.t" in error


def test_a_foreign_key_to_a_database_that_is_left_out(copy: Command) -> None:
    other = f"{copy.database}_other"
    run_sql(
        copy.pair.source,
        f"CREATE DATABASE {other}",
        f"CREATE TABLE {other}.child (t INT, CONSTRAINT up FOREIGN KEY (t) REFERENCES {copy.database}.t (id))",
    )
    assert f"refers to {copy.database}.t, which is not selected" in copy.fails("--schemas", other)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW {0}.named AS SELECT * FROM {0}_other.x",
        "CREATE VIEW {0}_other.named AS SELECT * FROM {0}.t",
        "CREATE PROCEDURE {0}.named() SELECT * FROM {0}.t",
        "CREATE PROCEDURE {0}.named() SELECT * FROM `{0}` . t",
        "CREATE FUNCTION {0}.named() RETURNS INT DETERMINISTIC RETURN (SELECT MAX(id) FROM {0}.t)",
        "CREATE TRIGGER {0}.named BEFORE INSERT ON {0}.t FOR EACH ROW SET @n = (SELECT MAX(id) FROM {0}.t)",
        "CREATE EVENT {0}.named ON SCHEDULE EVERY 1 DAY DO DELETE FROM {0}.t WHERE id = 0",
    ],
)
def test_a_renamed_database_that_a_text_names(copy: Command, statement: str) -> None:
    old, other = copy.database, f"{copy.database}_other"
    run_sql(
        copy.pair.source,
        f"CREATE DATABASE {other}",
        f"CREATE TABLE {other}.x (v INT)",
        statement.format(old),
    )
    error = copy.fails(
        "--schemas", f"{old},{other}", "--rename", f"{old}={old}_new", "--rename", f"{other}={other}_new"
    )
    assert "names database" in error
    assert "named" in error


def test_two_databases_of_one_name(copy: Command) -> None:
    run_sql(copy.pair.source, f"CREATE DATABASE {copy.database}_b")
    error = copy.fails(
        "--schemas", f"{copy.database},{copy.database}_b", "--rename", f"{copy.database}={copy.database}_b", status=2
    )
    assert "would both become" in error


def test_the_same_database_twice(copy: Command) -> None:
    assert "twice" in copy.fails("--schemas", f"{copy.database},{copy.database}", status=2)


def test_a_run_key_of_another_run(copy: Command) -> None:
    copy.works("--schemas", copy.database, "--run-key", "mine")
    run_sql(copy.pair.target, f"DROP DATABASE {LEDGER_SCHEMA}")
    error = copy.fails("--schemas", copy.database, "--run-key", "mine", "--if-exists", "drop", status=2)
    assert "run key 'mine' belongs to a run with other" in error


def test_a_run_key_that_is_spent_is_told(copy: Command) -> None:
    arguments = ("--schemas", copy.database, "--run-key", "mine")
    said = "run mine is complete, and nothing of it is done again"
    assert said not in copy.works(*arguments)
    assert copy.works(*arguments).count(said) == 1


def test_a_package(copy: Command) -> None:
    if copy.pair.is_mysql:
        pytest.skip("MariaDB's only")
    with copy.pair.source.connect(database=copy.database) as connection, connection.cursor() as cursor:
        cursor.execute("SET sql_mode = ORACLE")
        cursor.execute("CREATE PACKAGE thing AS PROCEDURE p(); END")
    assert f"{copy.database}.thing is a" in copy.fails("--schemas", copy.database)


def test_a_view_that_does_not_work(copy: Command) -> None:
    run_sql(
        copy.pair.source,
        "CREATE TABLE gone (v INT)",
        "CREATE VIEW broken AS SELECT * FROM gone",
        "DROP TABLE gone",
        database=copy.database,
    )
    assert "broken" in copy.fails("--schemas", copy.database)


def test_a_work_directory_that_cannot_be_written(copy: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = copy.fails("--schemas", copy.database, "--work-directory", str(tmp_path / "file"), status=2)
    assert "file" in error


def test_a_work_directory_of_an_unknown_kind(copy: Command) -> None:
    assert "work directory" in copy.fails("--schemas", copy.database, "--work-directory", "nonsense://x/y", status=2)


def test_connections_of_a_failed_command_are_closed(copy: Command) -> None:
    copy.fails("--schemas", "nowhere", status=2)
    with pytest.raises(pymysql.err.OperationalError), copy.pair.target.connect(database="nowhere"):
        pass
    query = "SELECT COUNT(*) FROM information_schema.processlist WHERE user NOT IN ('event_scheduler', 'system user')"
    assert rows_of(copy.pair.target, query) == [(1,)]
