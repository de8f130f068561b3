"""What the target already has is kept, emptied, replaced or refused, as the user said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.errors import IncompleteRunError, MydumpError, PreflightError
from airflow_mydump.engine.event import EventKind
from airflow_mydump.engine.selection.selection import Selection
from tests.integration.contents import assert_same_contents, assert_same_definitions, definitions, everything
from tests.integration.pair import rows_of, run_sql

if TYPE_CHECKING:
    from airflow_mydump.engine.plan.plan import IfExists
    from tests.integration.pair import Pair
    from tests.integration.run import Run

MODES: tuple[IfExists, ...] = ("fail", "truncate", "drop", "skip")


@pytest.fixture
def shop(run: Run) -> Run:
    """A small database with one object of each kind, on the source."""
    run.on_source(
        "CREATE TABLE customer (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20))",
        "CREATE TABLE purchase (id INT AUTO_INCREMENT PRIMARY KEY, customer INT, "
        "CONSTRAINT buyer FOREIGN KEY (customer) REFERENCES customer (id) ON DELETE CASCADE)",
        "INSERT INTO customer VALUES (1, 'Ada'), (7, NULL)",
        "INSERT INTO purchase VALUES (1, 1), (2, 7), (3, NULL)",
        "CREATE VIEW buyers AS SELECT name FROM customer JOIN purchase ON customer.id = purchase.customer",
        "CREATE TRIGGER shout BEFORE INSERT ON customer FOR EACH ROW SET NEW.name = UPPER(NEW.name)",
        "CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1",
        "CREATE PROCEDURE nothing() SELECT 1",
        "CREATE EVENT sometimes ON SCHEDULE EVERY 1 YEAR STARTS '2030-01-01 00:00:00' DO DELETE FROM purchase",
    )
    return run


def assert_copied(run: Run) -> None:
    assert_same_contents(run.pair.source, run.pair.target, run.database)
    assert_same_definitions(run.pair.source, run.pair.target, run.database)


@pytest.mark.parametrize("mode", MODES)
def test_an_empty_target_is_filled_in_every_mode(shop: Run, mode: IfExists) -> None:
    shop.again(mode).copy()
    assert_copied(shop)


@pytest.mark.parametrize("mode", ["truncate", "drop"])
def test_a_second_run_brings_the_target_up_to_date(shop: Run, mode: IfExists) -> None:
    shop.copy()
    shop.on_source(
        "DELETE FROM purchase WHERE id = 2",
        "INSERT INTO purchase VALUES (9, 1)",
        "UPDATE customer SET name = 'Grace' WHERE id = 1",
        "DROP VIEW buyers",
        "CREATE VIEW buyers AS SELECT 1 AS one",
    )
    shop.on_target("INSERT INTO purchase VALUES (99, NULL)", "DROP TRIGGER shout")
    shop.again(mode).copy()
    assert_copied(shop)


def test_fail_changes_nothing(shop: Run) -> None:
    shop.copy()
    shop.on_source("INSERT INTO purchase VALUES (9, 1)")
    before = everything(shop.pair.target)
    with pytest.raises(PreflightError, match="if_exists is fail"):
        shop.again("fail").copy()
    assert everything(shop.pair.target) == before


def test_fail_also_sees_views_and_routines(shop: Run) -> None:
    run_sql(shop.pair.target, f"CREATE DATABASE {shop.database}")
    shop.on_target("CREATE PROCEDURE nothing() SELECT 2")
    with pytest.raises(PreflightError, match=r"already has procedure .*\.nothing"):
        shop.again("fail").copy()


def test_skip_leaves_what_is_there_and_adds_what_is_not(shop: Run) -> None:
    shop.copy()
    shop.on_source(
        "UPDATE customer SET name = 'other'",
        "CREATE TABLE added (v INT)",
        "INSERT INTO added VALUES (5)",
        "CREATE TRIGGER late BEFORE INSERT ON added FOR EACH ROW SET NEW.v = 1",
    )
    report = shop.again("skip").copy()
    assert [(tenant.tables, tenant.skipped, tenant.rows) for tenant in report.tenants] == [(1, 2, 1)]
    names = rows_of(shop.pair.target, "SELECT name FROM customer ORDER BY id", shop.database)
    assert names == [("Ada",), (None,)]
    assert rows_of(shop.pair.target, "SELECT * FROM added", shop.database) == [(5,)]
    assert ("trigger", "late") in definitions(shop.pair.target, shop.database)


def test_skip_of_everything_is_complete(shop: Run) -> None:
    shop.copy()
    assert shop.again("skip").copy().complete


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE customer ADD extra INT",
        "ALTER TABLE customer MODIFY name VARCHAR(19)",
        "ALTER TABLE customer MODIFY name VARCHAR(20) NOT NULL",
        "ALTER TABLE customer MODIFY name VARCHAR(20) DEFAULT 'x'",
        "ALTER TABLE customer MODIFY name VARCHAR(20) CHARACTER SET latin1",
        "ALTER TABLE customer ADD KEY (name)",
        "ALTER TABLE customer ADD CHECK (name <> 'x')",
        "ALTER TABLE customer COMMENT = 'AUTO_INCREMENT=4'",
        "ALTER TABLE customer ROW_FORMAT = COMPRESSED",
        "ALTER TABLE purchase ADD CONSTRAINT more FOREIGN KEY (id) REFERENCES customer (id)",
        "ALTER TABLE purchase DROP FOREIGN KEY buyer, "
        "ADD CONSTRAINT buyer FOREIGN KEY (customer) REFERENCES customer (id) ON DELETE SET NULL",
        "ALTER TABLE purchase DROP FOREIGN KEY buyer, ADD CONSTRAINT buyer FOREIGN KEY (id) REFERENCES customer (id)",
    ],
)
def test_truncate_refuses_a_table_that_is_defined_otherwise(shop: Run, change: str) -> None:
    shop.copy()
    for statement in change.split(", ADD CONSTRAINT buyer"):
        added = "ALTER TABLE purchase ADD CONSTRAINT buyer" if statement.startswith(" FOREIGN") else ""
        shop.on_target(added + statement)
    before = everything(shop.pair.target)
    with pytest.raises(PreflightError, match="if_exists=drop"):
        shop.again("truncate").copy()
    assert everything(shop.pair.target) == before

    shop.again("drop").copy()
    assert_copied(shop)


def test_truncate_gives_back_a_foreign_key_that_was_dropped(shop: Run) -> None:
    shop.copy()
    shop.on_target("ALTER TABLE purchase DROP FOREIGN KEY buyer")
    shop.again("truncate").copy()
    assert_copied(shop)


def test_truncate_refuses_a_trigger_that_the_source_has_not(shop: Run) -> None:
    shop.copy()
    shop.on_target("CREATE TRIGGER foreign_one BEFORE INSERT ON purchase FOR EACH ROW SET NEW.customer = NULL")
    before = everything(shop.pair.target)
    with pytest.raises(PreflightError, match="foreign_one"):
        shop.again("truncate").copy()
    assert everything(shop.pair.target) == before


@pytest.mark.parametrize("mode", MODES)
def test_a_view_in_a_tables_place_is_refused(shop: Run, mode: IfExists) -> None:
    run_sql(shop.pair.target, f"CREATE DATABASE {shop.database}")
    shop.on_target("CREATE VIEW customer AS SELECT 1 AS id")
    before = everything(shop.pair.target)
    with pytest.raises(PreflightError, match=r"\.customer"):
        shop.again(mode).copy()
    assert everything(shop.pair.target) == before


@pytest.mark.parametrize("mode", MODES)
def test_a_table_in_a_views_place_is_refused(shop: Run, mode: IfExists) -> None:
    run_sql(shop.pair.target, f"CREATE DATABASE {shop.database}")
    shop.on_target("CREATE TABLE buyers (v INT)", "INSERT INTO buyers VALUES (1)")
    before = everything(shop.pair.target)
    with pytest.raises(PreflightError, match=r"\.buyers"):
        shop.again(mode).copy()
    assert everything(shop.pair.target) == before


def test_a_table_that_appears_after_the_plan_is_not_touched(shop: Run) -> None:
    shop.plan()
    run_sql(shop.pair.target, f"CREATE DATABASE {shop.database}")
    shop.on_target("CREATE TABLE customer (mine INT)", "INSERT INTO customer VALUES (1)")
    with pytest.raises(PreflightError, match=r"\.customer was made by"):
        shop.schema()
    assert rows_of(shop.pair.target, "SELECT * FROM customer", shop.database) == [(1,)]


@pytest.mark.parametrize("reached", ["schema", "data", "index"])
def test_what_an_unfinished_run_left_cannot_be_skipped(shop: Run, reached: str) -> None:
    shop.plan()
    for phase in ("schema", "data", "index"):
        getattr(shop, phase)()
        if phase == reached:
            break
    with pytest.raises(PreflightError, match="left incomplete"):
        shop.again("skip").copy()
    shop.again("truncate").copy()
    assert_copied(shop)
    assert shop.again("skip").copy().complete


def test_other_tables_and_databases_of_the_target_stay(shop: Run) -> None:
    other = f"{shop.database}_other"
    run_sql(
        shop.pair.target,
        f"CREATE DATABASE {other}",
        f"CREATE TABLE {other}.t (v INT)",
        f"INSERT INTO {other}.t VALUES (4)",
    )
    run_sql(shop.pair.target, f"CREATE DATABASE {shop.database}")
    shop.on_target("CREATE TABLE mine (v INT)", "INSERT INTO mine VALUES (5)", "CREATE PROCEDURE own() SELECT 1")
    shop.again("drop").copy()
    assert rows_of(shop.pair.target, f"SELECT * FROM {other}.t") == [(4,)]
    assert rows_of(shop.pair.target, "SELECT * FROM mine", shop.database) == [(5,)]
    assert ("procedure", "own") in definitions(shop.pair.target, shop.database)


@pytest.mark.parametrize("mode", ["truncate", "drop"])
def test_nothing_on_the_target_runs_by_itself_while_data_moves(shop: Run, mode: IfExists) -> None:
    shop.copy()
    again = shop.again(mode)
    again.plan()
    again.schema()
    left = definitions(shop.pair.target, shop.database)
    assert [name for name in left if name[0] == "trigger"] == []
    assert (
        rows_of(
            shop.pair.target,
            "SELECT event_name FROM information_schema.events "
            f"WHERE event_schema = '{shop.database}' AND status = 'ENABLED'",
        )
        == []
    )
    again.data()
    again.finish()
    assert_copied(shop)


@pytest.mark.parametrize(
    "phases",
    [
        ("schema",),
        ("schema", "data"),
        ("schema", "data", "index"),
        ("schema", "data", "index", "verify"),
        ("schema", "data", "index", "verify", "post"),
    ],
)
def test_of_two_runs_over_one_target_only_the_later_succeeds(shop: Run, phases: tuple[str, ...]) -> None:
    first, second = shop, shop.again()
    first.plan()
    for phase in phases:
        getattr(first, phase)()
    second.plan()
    second.schema()
    with pytest.raises(MydumpError) as failure:
        for phase in ("schema", "data", "index", "verify", "post", "report"):
            if phase not in phases:
                getattr(first, phase)()
    assert isinstance(failure.value, MydumpError)
    second.data()
    second.finish()
    assert_copied(shop)


def test_a_run_that_was_taken_over_says_so(shop: Run) -> None:
    shop.plan()
    shop.schema()
    shop.again().copy()
    events: list[EventKind] = []
    with pytest.raises(IncompleteRunError, match="has lost tables to a later run"):
        shop.data(lambda event: events.append(event.kind))
    assert EventKind.CHUNK_COMMITTED not in events
    assert_copied(shop)


def test_a_renamed_copy_keeps_its_keys_inside(shop: Run, pair: Pair) -> None:
    renamed = f"{shop.database}_renamed"
    shop.on_source(
        "DROP VIEW buyers", "DROP TRIGGER shout", "DROP EVENT sometimes", "DROP FUNCTION one", "DROP PROCEDURE nothing"
    )
    shop.again(selection=Selection((shop.database,), rename={shop.database: renamed})).copy()
    assert_same_contents(pair.source, pair.target, shop.database, renamed)
    assert f"REFERENCES `{shop.database}`" not in str(definitions(pair.target, renamed))
    assert rows_of(
        pair.target,
        f"SELECT referenced_table_schema FROM information_schema.key_column_usage WHERE table_schema = '{renamed}' "
        "AND referenced_table_name = 'customer'",
    ) == [(renamed,)]


def test_a_rename_of_a_word_that_ends_in_the_name_is_no_mention(shop: Run, pair: Pair) -> None:
    """Database `er` is renamed; texts with `customer.id` do not name it."""
    run_sql(
        pair.source,
        "CREATE DATABASE er",
        "CREATE TABLE er.customer (id INT)",
        "CREATE PROCEDURE er.seen() SELECT customer.id FROM customer",
    )
    try:
        shop.again(selection=Selection(("er",), rename={"er": f"{shop.database}_er"})).copy()
        assert ("procedure", "seen") in definitions(pair.target, f"{shop.database}_er")
    finally:
        run_sql(pair.source, "DROP DATABASE er")
