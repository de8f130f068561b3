"""Patterns, structure without rows, rows without structure, partitions and kinds of objects: what was chosen moves, and
nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import pytest

from airflow_mydump.engine import ledger
from airflow_mydump.engine.errors import ConfigurationError, PreflightError, SelectionError, ServerError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.phases import post
from airflow_mydump.engine.phases.lent_default import LentDefaults
from airflow_mydump.engine.plan.adaptation import Adaptation
from airflow_mydump.engine.selection.open_selection import OpenSelection
from airflow_mydump.engine.selection.selection import Content, Selection
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from tests.integration.contents import assert_same_contents, assert_same_definitions, definitions, everything, tables_of
from tests.integration.pair import rows_of, run_sql, value_of
from tests.integration.staged_run import StagedRun

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.run import Run

KINDS = {"views": "view", "routines": "procedure", "triggers": "trigger", "events": "event"}


@pytest.fixture
def shop(run: Run) -> Run:
    """A table with rows and a trigger that doubles them, its log, a table in partitions, and an object of each kind."""
    run.on_source(
        "CREATE TABLE orders (id INT PRIMARY KEY, total INT)",
        "CREATE TABLE log_orders (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20))",
        "CREATE TABLE days (day INT PRIMARY KEY, n INT) PARTITION BY RANGE (day) "
        "(PARTITION old VALUES LESS THAN (10), PARTITION mid VALUES LESS THAN (20), "
        "PARTITION new VALUES LESS THAN (30))",
        "INSERT INTO orders VALUES (1, 5), (2, 7)",
        "INSERT INTO log_orders (what) VALUES ('kept'), ('kept too')",
        *(f"INSERT INTO days VALUES ({day}, {day})" for day in range(30)),
        "CREATE VIEW totals AS SELECT total FROM orders",
        "CREATE PROCEDURE nothing() SELECT 1",
        "CREATE TRIGGER doubled BEFORE INSERT ON orders FOR EACH ROW SET NEW.total = 2 * NEW.total",
        "CREATE EVENT sometimes ON SCHEDULE EVERY 1 YEAR STARTS '2030-01-01 00:00:00' DO DELETE FROM days",
    )
    return run


def choosing(run: Run, **choice: Any) -> Run:
    return run.again(selection=Selection((run.database,), **choice))


def count(run: Run, table: str) -> int:
    return int(value_of(run.pair.target, f"SELECT COUNT(*) FROM {table}", run.database))


def test_a_regular_expression_chooses_tables(shop: Run) -> None:
    choosing(shop, include=(rf"re:{shop.database}\.(orders|d.ys)",)).copy()
    assert tables_of(shop.pair.target, shop.database) == ["days", "orders"]


def test_a_table_without_data_arrives_empty_and_the_run_is_verified(shop: Run) -> None:
    report = choosing(shop, no_data=("log_*",)).copy()
    assert count(shop, "log_orders") == 0
    assert count(shop, "orders") == 2
    assert report.tenants[0].tables == 3
    assert_same_definitions_but_counters(shop)


def test_a_table_without_data_keeps_the_rows_that_the_target_has(shop: Run) -> None:
    choosing(shop, no_data=("log_*",)).copy()
    shop.on_target("INSERT INTO log_orders (what) VALUES ('of the target')")
    shop.on_source("ALTER TABLE orders ADD COLUMN note INT")
    with pytest.raises(PreflightError, match="not defined as"):
        choosing(shop, no_data=("log_*",)).copy()
    shop.on_target("ALTER TABLE orders ADD COLUMN note INT")
    choosing(shop, no_data=("log_*",)).copy()
    assert rows_of(shop.pair.target, "SELECT what FROM log_orders", shop.database) == [("of the target",)]


@pytest.mark.parametrize("flag", KINDS)
def test_a_kind_of_object_may_be_left_behind(shop: Run, flag: str) -> None:
    choosing(shop, **{flag: False}).copy()
    kinds = {kind for kind, _ in definitions(shop.pair.target, shop.database)}
    assert kinds == {"database", "table", *KINDS.values()} - {KINDS[flag]}


def test_only_the_rows_of_chosen_partitions_are_moved(shop: Run) -> None:
    table = f"{shop.database}.days"
    choosing(shop, partitions={table: ("old", "new")}).copy()
    days = [day for (day,) in rows_of(shop.pair.target, "SELECT day FROM days ORDER BY day", shop.database)]
    assert days == [*range(10), *range(20, 30)]
    assert count(shop, "orders") == 2


@pytest.mark.parametrize(("table", "named"), [("days", "ancient"), ("orders", "old"), ("nowhere", "old")])
def test_a_partition_that_is_not_there_is_named(shop: Run, table: str, named: str) -> None:
    with pytest.raises(SelectionError, match="nowhere" if table == "nowhere" else named):
        choosing(shop, partitions={f"{shop.database}.{table}": (named,)}).plan()


def test_the_schema_first_and_the_data_later_come_to_the_same(shop: Run) -> None:
    report = choosing(shop, content="schema").copy()
    assert report.rows == 0
    assert any("structure only" in note for note in report.notes)
    assert count(shop, "orders") == 0
    report = choosing(shop, content="data").copy()
    assert report.rows == 34
    assert_same_contents(shop.pair.source, shop.pair.target, shop.database)
    assert_same_definitions(shop.pair.source, shop.pair.target, shop.database)


def test_the_schema_alone_does_not_touch_rows(shop: Run) -> None:
    shop.copy()
    shop.on_target("DELETE FROM orders WHERE id = 1")
    choosing(shop, content="schema").copy()
    assert rows_of(shop.pair.target, "SELECT id FROM orders", shop.database) == [(2,)]


def test_data_alone_creates_nothing_and_changes_no_structure(shop: Run) -> None:
    choosing(shop, content="schema").copy()
    shop.on_target(
        "DROP VIEW totals",
        "DROP EVENT sometimes",
        "ALTER TABLE orders ADD KEY (total), MODIFY total INT NOT NULL DEFAULT 7",
        f"ALTER DATABASE {shop.database} CHARACTER SET latin1 COLLATE latin1_general_cs",
    )
    before = definitions(shop.pair.target, shop.database)
    choosing(shop, content="data").copy()
    assert definitions(shop.pair.target, shop.database) == before
    assert rows_of(shop.pair.target, "SELECT id, total FROM orders ORDER BY id", shop.database) == [(1, 5), (2, 7)]


def test_triggers_that_stay_behind_are_no_difference(shop: Run) -> None:
    shop.copy()
    choosing(shop, content="schema", triggers=False).copy()
    assert ("trigger", "doubled") in definitions(shop.pair.target, shop.database)
    with pytest.raises(PreflightError, match="doubled"):
        choosing(shop, triggers=False).plan()
    shop.on_target("DROP TRIGGER doubled")
    choosing(shop, content="data").copy()
    assert ("trigger", "doubled") not in definitions(shop.pair.target, shop.database)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("DROP TABLE orders", "no table"),
        ("ALTER TABLE orders DROP COLUMN total", "total"),
        ("ALTER TABLE orders ADD COLUMN more INT", "more"),
        ("ALTER TABLE days REMOVE PARTITIONING", "no partition old"),
        ("ALTER TABLE orders MODIFY total BIGINT", "column total has type int on the source and bigint on the target"),
        (
            "ALTER TABLE log_orders MODIFY what VARCHAR(20) CHARACTER SET latin1",
            "column what has character set utf8mb4 on the source and latin1 on the target",
        ),
        ("ALTER TABLE log_orders CONVERT TO CHARACTER SET latin1", "utf8mb4 on the source and latin1 on the target"),
        ("ALTER TABLE orders ENGINE = MyISAM", "engine InnoDB on the source and MyISAM on the target"),
    ],
)
def test_data_alone_goes_into_equal_columns_only(shop: Run, change: str, named: str) -> None:
    choosing(shop, content="schema").copy()
    shop.on_target(change)
    with pytest.raises(PreflightError, match=named):
        choosing(shop, content="data").plan()


def test_data_alone_goes_into_columns_of_equal_storage_however_they_came_to_it(shop: Run) -> None:
    """Character sets that the one's definition spells out, and the other's leaves to the table or the collation."""
    shop.on_source(
        "CREATE TABLE names (id INT PRIMARY KEY, a VARCHAR(9) CHARACTER SET latin1, b TEXT CHARACTER SET latin1, "
        "c VARBINARY(9), d ENUM('x', 'y') CHARACTER SET latin1) CHARACTER SET utf8mb4 ENGINE=MyISAM",
        "INSERT INTO names VALUES (1, 'Zoë', 'Zoë', 0xFF, 'y')",
    )
    run_sql(
        shop.pair.target,
        f"CREATE DATABASE {shop.database} CHARACTER SET utf8mb4",
        f"CREATE TABLE {shop.database}.names (d ENUM('x', 'y'), id INT PRIMARY KEY, a VARCHAR(9) COLLATE latin1_bin, "
        "b TEXT CHARACTER SET latin1, c VARBINARY(9)) CHARACTER SET latin1 ENGINE=MyISAM",
    )
    choosing(shop, content="data", include=("names",)).copy()
    assert rows_of(shop.pair.target, "SELECT a, b, c, d FROM names", shop.database) == [("Zoë", "Zoë", b"\xff", "y")]


def test_data_alone_does_not_replace_tables(shop: Run) -> None:
    data = choosing(shop, content="data")
    data.settings = replace(data.settings, if_exists="drop")
    with pytest.raises(ConfigurationError, match="if_exists is truncate"):
        data.plan()


def test_an_empty_selection_is_an_error_unless_it_is_allowed(shop: Run) -> None:
    with pytest.raises(SelectionError, match="allow_empty"):
        choosing(shop, include=("none",)).plan()
    assert choosing(shop, include=("none",), allow_empty=True).copy().rows == 0


def test_a_dump_holds_structure_without_rows_and_the_restore_keeps_the_targets_rows(shop: Run, tmp_path: Path) -> None:
    staged = StagedRun.of(shop.pair, shop.database, tmp_path / "staged")
    staged.selection = Selection((shop.database,), no_data=("log_*",))
    staged.dump()
    staged.restore()
    assert count(shop, "log_orders") == 0
    assert count(shop, "orders") == 2
    shop.on_target("INSERT INTO log_orders (what) VALUES ('of the target')")
    staged.if_exists = "truncate"
    staged.restore()
    assert count(shop, "log_orders") == 1


def test_a_dump_of_data_alone_is_refused(shop: Run, tmp_path: Path) -> None:
    staged = StagedRun.of(shop.pair, shop.database, tmp_path / "staged")
    staged.selection = Selection((shop.database,), content="data")
    with pytest.raises(ConfigurationError, match="could not be restored"):
        staged.dump()


def test_one_table_is_restored_from_a_dump(shop: Run, tmp_path: Path) -> None:
    staged = StagedRun.of(shop.pair, shop.database, tmp_path / "staged")
    staged.dump()
    staged.wanted = OpenSelection(include=("days",))
    staged.restore()
    assert sorted(definitions(shop.pair.target, shop.database)) == [("database", shop.database), ("table", "days")]
    assert count(shop, "days") == 30
    staged.wanted = OpenSelection(include=("none",))
    with pytest.raises(SelectionError, match="allow_empty"):
        staged.plan()
    staged.wanted = OpenSelection(schemas=("elsewhere",))
    with pytest.raises(SelectionError, match="elsewhere"):
        staged.plan()


def test_data_alone_is_restored_into_tables_that_are_there(shop: Run, tmp_path: Path) -> None:
    staged = StagedRun.of(shop.pair, shop.database, tmp_path / "staged")
    staged.dump()
    staged.wanted = OpenSelection(content="schema")
    staged.restore()
    assert count(shop, "orders") == 0
    staged.wanted, staged.if_exists = OpenSelection(content="data"), "truncate"
    staged.restore()
    assert_same_contents(shop.pair.source, shop.pair.target, shop.database)
    assert_same_definitions(shop.pair.source, shop.pair.target, shop.database)


def assert_same_definitions_but_counters(run: Run) -> None:
    """A table that was not filled has a counter of its own."""
    run_sql(run.pair.source, "ALTER TABLE log_orders AUTO_INCREMENT = 100", database=run.database)
    run.on_target("ALTER TABLE log_orders AUTO_INCREMENT = 100")
    assert_same_definitions(run.pair.source, run.pair.target, run.database)


def after_a_failed_run_of_data(shop: Run) -> Run:
    shop.copy()
    failed = choosing(shop, content="data")
    failed.plan()
    failed.schema()
    return failed


def test_what_a_failed_run_of_data_took_away_comes_back_with_the_next(shop: Run) -> None:
    after_a_failed_run_of_data(shop)
    assert not {"doubled", "sometimes"} & {name for _, name in definitions(shop.pair.target, shop.database)}
    again = choosing(shop, content="data")
    again.plan()
    again.schema()
    choosing(shop, content="data").copy()
    assert_same_contents(shop.pair.source, shop.pair.target, shop.database)
    assert_same_definitions(shop.pair.source, shop.pair.target, shop.database)

    shop.on_target("DROP TRIGGER doubled", "DROP EVENT sometimes")
    choosing(shop, content="data").copy()
    assert (
        value_of(
            shop.pair.target,
            f"SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = '{shop.database}'",
        )
        == 0
    )


def with_a_default_of_its_own(shop: Run) -> dict[tuple[str, str], tuple[Any, ...]]:
    """What the target has, when its database got another default since its objects were made."""
    shop.copy()
    shop.on_target(f"ALTER DATABASE {shop.database} CHARACTER SET latin1 COLLATE latin1_general_cs")
    return definitions(shop.pair.target, shop.database)


def notes_of(shop: Run) -> list[tuple[Any, ...]]:
    return rows_of(shop.pair.target, "SELECT target_schema FROM airflow_mydump.ledger WHERE step = 'default'")


@pytest.mark.parametrize("error", [ServerError(1064, "it went wrong"), KeyboardInterrupt()], ids=["error", "Ctrl-C"])
def test_a_database_has_its_own_default_after_objects_could_not_be_made(
    shop: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    before = with_a_default_of_its_own(shop)

    def fail(*_: object) -> None:
        assert notes_of(shop) == [(shop.database,)]
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(post, "_require_event", fail)
        with pytest.raises(type(error)):
            choosing(shop, content="data").copy()
    assert definitions(shop.pair.target, shop.database)["database", shop.database] == before["database", shop.database]
    assert notes_of(shop) == []
    choosing(shop, content="data").copy()
    assert definitions(shop.pair.target, shop.database) == before


def test_a_database_gets_its_own_default_back_with_the_next_run_after_a_kill(
    shop: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = with_a_default_of_its_own(shop)
    for _ in range(2):  # the second one is killed as the first was
        with monkeypatch.context() as patched:
            patched.setattr(LentDefaults, "give_back", kill)
            with pytest.raises(KeyboardInterrupt):
                choosing(shop, content="data").copy()
        assert definitions(shop.pair.target, shop.database) != before
        assert notes_of(shop)
    choosing(shop, content="data").copy()
    assert definitions(shop.pair.target, shop.database) == before
    assert notes_of(shop) == []


def test_a_database_gets_its_own_default_back_though_its_run_is_killed_twice(
    shop: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.on_source(
        f"ALTER DATABASE {shop.database} COLLATE utf8mb4_bin",
        "CREATE EVENT then_ ON SCHEDULE EVERY 1 YEAR STARTS '2030-01-01 00:00:00' DO DELETE FROM days",
    )
    before = with_a_default_of_its_own(shop)
    run = choosing(shop, content="data")
    run.plan()
    run.schema()
    run.data()
    run.index()
    run.verify()
    note = ledger.note_default

    def note_and_die(*note_of: Any) -> None:
        note(*note_of)
        raise KeyboardInterrupt

    for where, name, dying in ((post, "_require_event", kill), (ledger, "note_default", note_and_die)):
        with monkeypatch.context() as patched:
            patched.setattr(LentDefaults, "give_back", kill)
            patched.setattr(where, name, dying)
            with pytest.raises(KeyboardInterrupt):
                run.post()
    assert definitions(shop.pair.target, shop.database)["database", shop.database] != before["database", shop.database]
    choosing(shop, content="data").copy()
    assert definitions(shop.pair.target, shop.database) == before


def kill(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_somebody_made_a_databases_default_since_a_kill_stays(shop: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with_a_default_of_its_own(shop)
    with monkeypatch.context() as patched:
        patched.setattr(LentDefaults, "give_back", kill)
        with pytest.raises(KeyboardInterrupt):
            choosing(shop, content="data").copy()
    shop.on_target(f"ALTER DATABASE {shop.database} CHARACTER SET ascii COLLATE ascii_bin")
    choosing(shop, content="data").copy()
    told = definitions(shop.pair.target, shop.database)["database", shop.database]
    assert "ascii_bin" in str(told)


def test_a_database_keeps_its_default_where_objects_were_made_under_it(
    shop: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "note_default", kill)
    shop.copy()
    choosing(shop, content="data").copy()
    assert_same_definitions(shop.pair.source, shop.pair.target, shop.database)


@pytest.mark.parametrize(
    ("change", "choice", "named"),
    [
        ("DROP TRIGGER doubled", {}, "trigger .*doubled"),
        ("DROP EVENT sometimes", {}, "event .*sometimes"),
        ("DO 0", {"triggers": False}, "trigger .*doubled"),
        ("DO 0", {"events": False}, "event .*sometimes"),
    ],
)
def test_what_a_failed_run_of_data_took_away_is_not_lost_because_the_next_does_not_bring_it(
    shop: Run, change: str, choice: dict[str, bool], named: str
) -> None:
    after_a_failed_run_of_data(shop)
    shop.on_source(change)
    with pytest.raises(PreflightError, match=f"{named} of the target away and not brought it back") as refused:
        choosing(shop, content="data", **choice).plan()
    shop.on_target(str(refused.value).partition("now: ")[2])
    choosing(shop, content="data", **choice).copy()


def test_what_a_failed_run_of_data_took_away_concerns_runs_over_its_table_only(shop: Run) -> None:
    shop.on_source("DROP EVENT sometimes")
    after_a_failed_run_of_data(shop)
    choosing(shop, content="data", include=("days",)).copy()
    with pytest.raises(PreflightError, match="doubled"):
        choosing(shop, content="data", triggers=False).plan()
    choosing(shop, content="data").copy()
    assert_same_definitions(shop.pair.source, shop.pair.target, shop.database)


def test_what_is_back_is_forgotten_by_kind_and_not_of_runs_that_are_under_way(shop: Run) -> None:
    one, other = (choosing(shop).plan().identity for _ in range(2))
    name = TableName(shop.database, "n")
    trigger, event = ledger.Actor("trigger", name, "orders"), ledger.Actor("event", name)

    def removed() -> frozenset[ledger.Actor]:
        return ledger.removed_objects(session, one.ledger, shop.database)

    with Session(shop.target, metadata) as session:
        for identity in (one, other):
            ledger.note_removed(session, identity, {0: trigger, 1: event})
        ledger.forget_removed(session, one, [trigger])
        assert removed() == {trigger, event}
        ledger.forget_removed(session, other, [trigger])
        assert removed() == {event}
        ledger.forget_removed(session, other, [event])
        assert removed() == {event}
        session.execute("UPDATE airflow_mydump.ledger SET state = 'lost' WHERE step = 'run'")
        ledger.forget_removed(session, other, [event])
        assert removed() == set()


TIMES_THREE = "CREATE TRIGGER doubled BEFORE INSERT ON orders FOR EACH ROW SET NEW.total = 3 * NEW.total"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        (["ALTER EVENT sometimes DISABLE"], "event .*sometimes: status ENABLE on the source, DISABLE on the target"),
        (["DROP TRIGGER doubled", TIMES_THREE], "trigger .*doubled: another body than on the source"),
    ],
)
def test_data_alone_does_not_replace_a_trigger_or_event_of_the_targets_by_another(
    shop: Run, changes: list[str], named: str
) -> None:
    shop.copy()
    shop.on_target(*changes)
    before = everything(shop.pair.target)
    with pytest.raises(PreflightError, match=named):
        choosing(shop, content="data").copy()
    assert everything(shop.pair.target) == before


def test_data_alone_leaves_a_disabled_event_alone_if_events_are_left_out(shop: Run) -> None:
    shop.copy()
    shop.on_target("ALTER EVENT sometimes DISABLE")
    before = definitions(shop.pair.target, shop.database)
    choosing(shop, content="data", events=False).copy()
    assert definitions(shop.pair.target, shop.database) == before


@pytest.mark.parametrize("definers", ["strip", "replace"])
def test_data_alone_takes_triggers_and_events_that_are_adapted_as_equal(shop: Run, definers: str) -> None:
    shop.on_source(
        "CREATE DEFINER = 'maker'@'localhost' TRIGGER logged AFTER INSERT ON days "
        f"FOR EACH ROW DELETE FROM `{shop.database}`.log_orders WHERE 0",
    )
    mine = {"maker@localhost": f"{shop.target.user}@{shop.pair.target.host}"}
    adaptation = Adaptation(mine if definers == "replace" else "strip", rewrite_names=True)
    selection = Selection((shop.database,), rename={shop.database: f"{shop.database}_new"})
    for content in get_args(Content):
        run = shop.again(selection=replace(selection, content=content))
        run.settings = replace(run.settings, adaptation=adaptation)
        run.copy()
    kinds = [kind for kind, _ in definitions(shop.pair.target, f"{shop.database}_new")]
    assert (kinds.count("trigger"), kinds.count("event")) == (2, 1)


def test_an_event_that_a_failed_run_has_not_enabled_yet_is_no_other(shop: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.copy()
    with monkeypatch.context() as patched:
        patched.setattr(post, "_enable_events", kill)
        with pytest.raises(KeyboardInterrupt):
            choosing(shop, content="data").copy()
    choosing(shop, content="data").copy()
    assert_same_definitions(shop.pair.source, shop.pair.target, shop.database)


@pytest.fixture
def summed(shop: Run) -> Run:
    shop.on_source(
        "CREATE TABLE sums (a INT PRIMARY KEY, b VARCHAR(9) AS (a + 1) STORED, c INT AS (a + 2) VIRTUAL)",
        "INSERT INTO sums (a) VALUES (1), (2)",
    )
    choosing(shop, content="schema").copy()
    return shop


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("DROP COLUMN b", "the target's has no generated column b"),
        ("DROP COLUMN b, ADD COLUMN b VARCHAR(9)", "only the target's has column b"),
        ("DROP COLUMN b, ADD COLUMN b VARCHAR(9) AS (a + 3) STORED", "column b is generated as .* on the source and"),
        ("DROP COLUMN b, ADD COLUMN b INT AS (a + 1) STORED", r"column b has type varchar\(9\) on the source and int"),
        ("MODIFY b VARCHAR(9) CHARACTER SET latin1 AS (a + 1) STORED", "column b has character set utf8mb4 on the"),
    ],
)
def test_data_alone_goes_where_generated_columns_that_are_verified_are_equal(
    summed: Run, change: str, named: str
) -> None:
    summed.on_target(f"ALTER TABLE sums {change}")
    with pytest.raises(PreflightError, match=named):
        choosing(summed, content="data").plan()


def test_data_alone_does_not_ask_for_generated_columns_that_are_not_verified(summed: Run) -> None:
    summed.on_target("ALTER TABLE sums DROP COLUMN c, ADD COLUMN d INT AS (a + 4) STORED")
    choosing(summed, content="data").copy()
    assert rows_of(summed.pair.target, "SELECT a, b, d FROM sums", summed.database) == [(1, "2", 5), (2, "3", 6)]
