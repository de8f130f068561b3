"""What stands in the way of a run is found before it begins, each thing by its name, on real servers."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.plan.adaptation import Adaptation
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.runs.examination import examine_copy
from airflow_mydump.engine.selection.selection import Selection
from tests.integration.contents import assert_same_contents, assert_same_definitions, definitions, everything
from tests.integration.pair import rows_of, run_sql, value_of
from tests.integration.test_bad_input import account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.server import Server

    from airflow_mydump.engine.preflight.finding import Finding
    from tests.integration.pair import Pair
    from tests.integration.run import Run


EVENT = "CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO SET @a = 1"


@contextmanager
def set_global(server: Server, name: str, value: str) -> Iterator[None]:
    before = value_of(server, f"SELECT @@GLOBAL.{name}")
    run_sql(server, f"SET GLOBAL {name} = {value}")
    try:
        yield
    finally:
        run_sql(server, f"SET GLOBAL {name} = {before!r}")


def examined(run: Run, **adaptation: object) -> tuple[Finding, ...]:
    """All findings of a copy; nothing may have changed."""
    before = everything(run.pair.target)
    settings = PlanSettings(adaptation=Adaptation(**adaptation))  # type: ignore[arg-type]
    found = examine_copy(run.source, run.target, run.selection, settings)
    assert everything(run.pair.target) == before
    return found


def the_blocker(findings: tuple[Finding, ...]) -> str:
    (found,) = (str(finding) for finding in findings if finding.severity == "blocker")
    return found


def the_warning(findings: tuple[Finding, ...]) -> str:
    (found,) = findings
    assert found.severity == "warning"
    return str(found)


def adapted(run: Run, **adaptation: object) -> Run:
    other = run.again()
    other.settings = replace(run.settings, if_exists="drop", adaptation=Adaptation(**adaptation))  # type: ignore[arg-type]
    return other


def test_nothing_in_the_way(run: Run) -> None:
    run.on_source("CREATE TABLE t (id INT PRIMARY KEY)", "CREATE VIEW v AS SELECT id FROM t")
    assert examined(run) == ()


def test_every_blocker_is_named_at_once(run: Run) -> None:
    run.on_source("CREATE TABLE t (id INT PRIMARY KEY)", "CREATE DEFINER=`gone`@`%` VIEW v AS SELECT id FROM t")
    with set_global(run.pair.target, "read_only", "1"):
        found = [finding.what for finding in examined(run) if finding.severity == "blocker"]
    assert len(found) == 2


def test_a_target_that_takes_no_files(run: Run) -> None:
    run.on_source("CREATE TABLE t (id INT PRIMARY KEY)")
    with set_global(run.pair.target, "local_infile", "0"):
        assert "local_infile=OFF" in the_warning(examined(run))


def test_definers_that_the_target_does_not_have(run: Run) -> None:
    run.on_source(
        "CREATE TABLE t (id INT PRIMARY KEY)",
        "CREATE DEFINER=`gone`@`%` PROCEDURE p() SELECT 1",
        "CREATE DEFINER=`gone`@`%` TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a = 1",
        "CREATE DEFINER=`other`@`%` EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO SET @a = 1",
    )
    found = [str(finding) for finding in examined(run)]
    assert [text.partition(" of ")[0] for text in found] == ["definer gone@%", "definer other@%"]
    with pytest.raises(PreflightError, match="definer gone@%"):
        run.copy()


def test_definers_are_stripped_or_replaced(run: Run) -> None:
    run.on_source(
        "CREATE TABLE t (id INT PRIMARY KEY)",
        "CREATE DEFINER=`gone`@`%` SQL SECURITY DEFINER VIEW v AS SELECT id FROM t",
        "CREATE DEFINER=`gone`@`%` PROCEDURE p() SELECT 1",
        "CREATE DEFINER=`gone`@`%` TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a = 1",
        "CREATE DEFINER=`gone`@`%` EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO SET @a = 1",
    )
    own = f"{run.pair.target.user}@{run.pair.target.host}"
    assert "will run as the target account" in the_warning(examined(run, definers="strip"))
    report = adapted(run, definers="strip").copy()
    assert any("will run as the target account" in note for note in report.notes)
    assert _definers(run) == {own}
    with account(run.pair.target) as login:
        mapped = {"gone@%": f"{login.user}@{run.pair.target.host}"}
        assert examined(run, definers=mapped) == ()
        adapted(run, definers=mapped).copy()
        assert _definers(run) == {mapped["gone@%"]}


def _definers(run: Run) -> set[str]:
    views = (("views", "table_schema"), ("routines", "routine_schema"), ("triggers", "trigger_schema"),
             ("events", "event_schema"))  # fmt: skip
    return {
        definer
        for view, column in views
        for (definer,) in rows_of(
            run.pair.target, f"SELECT definer FROM information_schema.{view} WHERE {column} = '{run.database}'"
        )
    }


def test_tables_without_a_key_where_the_target_wants_one(run: Run) -> None:
    run.on_source("CREATE TABLE keyed (a INT PRIMARY KEY)", "CREATE TABLE keyless (a INT)")
    variable = "sql_require_primary_key" if run.pair.is_mysql else "innodb_force_primary_key"
    with set_global(run.pair.target, variable, "1"):
        if run.pair.is_mysql:
            assert examined(run) == ()  # the administrator may switch it off
            run.copy()
            with account(run.pair.target, "ALL ON *.*") as login:
                run_sql(run.pair.target, _revoke_setting(run, login.user))
                run.target = replace(run.target, user=login.user, password=login.password)
                text = the_blocker(examined(run))
        else:
            text = the_blocker(examined(run))
    assert f"{run.database}.keyless" in text
    assert f"{run.database}.keyed" not in text
    assert variable in text


def _revoke_setting(run: Run, user: str) -> str:
    privileges = "SUPER, SYSTEM_VARIABLES_ADMIN, SESSION_VARIABLES_ADMIN"
    return f"REVOKE {privileges} ON *.* FROM '{user}'@'{run.pair.target.host}'"


def test_a_target_that_makes_keys_of_its_own_does_not_change_ours(run: Run) -> None:
    if not run.pair.is_mysql:
        pytest.skip("MySQL's only")
    run.on_source("CREATE TABLE keyless (a INT)", "INSERT INTO keyless VALUES (1), (1)")
    with set_global(run.pair.target, "sql_generate_invisible_primary_key", "1"):
        run.copy()
    assert_same_definitions(run.pair.source, run.pair.target, run.database)


def test_an_engine_that_the_target_does_not_have(run: Run) -> None:
    if not run.pair.is_mysql:
        pytest.skip("an engine that can be disabled is MySQL's only")
    engine = "MyISAM"
    run.on_source(f"CREATE TABLE a (v INT) ENGINE={engine}", "CREATE TABLE t (v INT)")
    run.pair.target.options["disabled-storage-engines"] = engine
    run.pair.target.restart()
    try:
        text = the_blocker(examined(run))
    finally:
        del run.pair.target.options["disabled-storage-engines"]
        run.pair.target.restart()
    assert f"{engine} of {run.database}.a" in text


def test_foreign_keys_to_what_is_not_selected(run: Run, pair: Pair) -> None:
    other = f"{run.database}_other"
    for server in (pair.source, pair.target):
        run_sql(server, f"CREATE DATABASE {other}")
    run_sql(pair.source, "CREATE TABLE parent (id INT PRIMARY KEY)", "INSERT INTO parent VALUES (1)", database=other)
    run.on_source(
        "CREATE TABLE child (id INT PRIMARY KEY, p INT)",
        f"ALTER TABLE child ADD CONSTRAINT far FOREIGN KEY (p) REFERENCES {other}.parent (id)",
        "INSERT INTO child VALUES (1, 1), (2, NULL)",
    )
    assert f"foreign key far of {run.database}.child refers to {other}.parent" in the_blocker(examined(run))
    assert f"{other}.parent, which is not on the target" in the_blocker(examined(run, foreign_keys="keep"))
    run_sql(pair.target, "CREATE TABLE parent (id INT PRIMARY KEY)", database=other)
    assert f"refers to {other}.parent" in the_warning(examined(run, foreign_keys="keep"))
    adapted(run, foreign_keys="keep").copy()
    assert_same_contents(pair.source, pair.target, run.database)
    assert_same_definitions(pair.source, pair.target, run.database)


def test_names_of_a_renamed_database_are_rewritten_if_asked(run: Run, pair: Pair) -> None:
    old, new = run.database, f"{run.database}_new"
    run.on_source(
        "CREATE TABLE t (id INT PRIMARY KEY)",
        "INSERT INTO t VALUES (1), (2)",
        f"CREATE FUNCTION f() RETURNS INT READS SQL DATA RETURN (SELECT MAX(id) FROM {old}.t)",
        f"CREATE PROCEDURE p() SELECT '{old} x', {old}.f() FROM `{old}` . t",
        f"CREATE VIEW v AS SELECT {old}.f() AS n FROM {old}.t",
        f"CREATE TRIGGER tr BEFORE INSERT ON {old}.t FOR EACH ROW SET @n = {old}.f()",
        f"CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO DELETE FROM {old}.t",
    )
    run.selection = Selection((old,), rename={old: new})
    named = [str(finding) for finding in examined(run) if finding.thing.startswith("the text of ")]
    assert {text.split()[3] for text in named} == {"function", "procedure", "view", "trigger", "event"}
    assert {finding.severity for finding in examined(run, rewrite_names=False)} == {"warning", "blocker"}
    assert examined(run, rewrite_names=True) == ()
    adapted(run, rewrite_names=True).copy()
    texts = "\n".join(str(shown) for shown in definitions(pair.target, new).values())
    assert f"{old}." not in texts.replace("`", "")
    assert f"'{old} x'" in texts
    assert value_of(pair.target, f"SELECT n FROM {new}.v LIMIT 1") == 2


def test_other_databases_in_bodies(run: Run, pair: Pair) -> None:
    other = f"{run.database}_other"
    run_sql(pair.source, f"CREATE DATABASE {other}", f"CREATE TABLE {other}.x (id INT)")
    run.on_source("CREATE TABLE t (id INT PRIMARY KEY)", f"CREATE PROCEDURE p() INSERT INTO {other}.x VALUES (1)")
    assert f"procedure {run.database}.p uses {other}.x" in the_warning(examined(run))
    run.on_source(f"CREATE VIEW v AS SELECT id FROM {other}.x")
    assert f"view {run.database}.v reads {other}.x, which is not on the target" in the_blocker(examined(run))


def test_a_packet_that_is_smaller_on_the_target(run: Run) -> None:
    run.on_source("CREATE TABLE t (id INT PRIMARY KEY)")
    with set_global(run.pair.target, "max_allowed_packet", "1048576"):
        assert "max_allowed_packet is 1048576" in the_warning(examined(run))
        assert any("max_allowed_packet" in note for note in run.copy().notes)


def test_events_on_a_target_that_runs_none(run: Run) -> None:
    run.on_source(
        "CREATE TABLE t (id INT PRIMARY KEY)",
        "CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO SET @a = 1",
    )
    with set_global(run.pair.target, "event_scheduler", "0"):
        assert "event_scheduler=OFF" in the_warning(examined(run))


def test_a_time_zone_that_the_target_does_not_know(run: Run) -> None:
    run.on_source(
        "CREATE TABLE t (id INT PRIMARY KEY)",
        "CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO SET @a = 1",
    )
    zone = "INSERT INTO mysql.time_zone_name VALUES ('Here', 4711)"
    rest = (
        "INSERT INTO mysql.time_zone VALUES (4711, 'N')",
        "INSERT INTO mysql.time_zone_transition_type VALUES (4711, 0, 3600, 0, 'HERE')",
    )
    run_sql(run.pair.source, zone, *rest)
    try:
        run.on_source("SET time_zone = 'Here'", "ALTER EVENT e ON SCHEDULE EVERY 2 YEAR")
        text = the_blocker(examined(run))
    finally:
        for table, column in (("time_zone_name", "Time_zone_id"), ("time_zone", "Time_zone_id"),
                              ("time_zone_transition_type", "Time_zone_id")):  # fmt: skip
            run_sql(run.pair.source, f"DELETE FROM mysql.{table} WHERE {column} = 4711")
    assert "time_zone 'Here' of event" in text
    assert "time zone tables" in text


def test_a_library_is_refused_by_name(run: Run) -> None:
    if not run.pair.is_mysql:
        pytest.skip("MySQL's only")
    run.on_source(
        "CREATE TABLE t (id INT PRIMARY KEY)",
        "CREATE LIBRARY lib LANGUAGE JAVASCRIPT AS $$ export function f(n) { return n } $$",
    )
    assert f"{run.database}.lib is a library" in the_blocker(examined(run))


PAGE = (Path(__file__).parents[2] / "docs" / "preflight.md").read_text()


def documented_grants(side: str, vendor: str, **names: str) -> list[str]:
    """The statements that the documentation has for one side, for other names."""
    (block,) = re.findall(rf"```sql\n-- {side}, {vendor}\n(.*?)```", PAGE, re.DOTALL)
    for name, other in names.items():
        block = re.sub(rf"\b{name}\b", other, block)
    return [statement.strip() for statement in block.split(";") if statement.strip()]


def test_the_documented_privileges_are_enough_and_all_needed(run: Run) -> None:
    """A database with everything in it is moved by accounts that have just what the page says."""
    host, vendor = run.pair.source.host, "MySQL" if run.pair.is_mysql else "MariaDB"
    for server in (run.pair.source, run.pair.target):
        run_sql(server, f"CREATE USER 'definer'@'{host}'")
    run.on_source(
        "CREATE TABLE parent (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), KEY (v))",
        "CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id))",
        "INSERT INTO parent VALUES (1, 'a')",
        "INSERT INTO child VALUES (1, 1)",
        f"CREATE DEFINER='definer'@'{host}' VIEW v AS SELECT v FROM parent",
        f"CREATE DEFINER='definer'@'{host}' FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1",
        f"CREATE DEFINER='definer'@'{host}' TRIGGER tr BEFORE INSERT ON child FOR EACH ROW SET NEW.p = f()",
        f"CREATE DEFINER='definer'@'{host}' {EVENT.removeprefix('CREATE ')}",
    )
    if not run.pair.is_mysql:
        run.on_source("CREATE SEQUENCE s")
    with (
        account(run.pair.source) as reader,
        account(run.pair.target) as writer,
        set_global(run.pair.target, "log_bin_trust_function_creators", "0"),
    ):
        names = {"tenant_alpine": run.database, "reader": f"'{reader.user}'@'{host}'"}
        run_sql(run.pair.source, *documented_grants("source", vendor, **names))
        run.source = replace(run.source, user=reader.user, password=reader.password)
        run.target = replace(run.target, user=writer.user, password=writer.password)
        statements = documented_grants("target", vendor, tenant_alpine=run.database, writer=f"'{writer.user}'@'{host}'")
        try:
            for statement in statements:
                assert examined(run) != ()
                run_sql(run.pair.target, statement)
            assert examined(run) == ()
            run.copy()
            run.again("truncate").copy()
            run.again("drop").copy()
        finally:
            for server in (run.pair.source, run.pair.target):
                run_sql(server, f"DROP USER 'definer'@'{host}'")
    assert_same_contents(run.pair.source, run.pair.target, run.database)
    assert_same_definitions(run.pair.source, run.pair.target, run.database)
