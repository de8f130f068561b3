"""A run that was begun with one server is not gone on with on another, at the same address or with the same ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from sandbox.port import free_port
from sandbox.server import Server

from airflow_mydump.engine.consistency import global_lock, named_lock
from airflow_mydump.engine.consistency.worker import Worker
from airflow_mydump.engine.dump_directory.dump_plan import DumpPlan, DumpSettings
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import IncompleteRunError
from airflow_mydump.engine.phases import definition_change
from airflow_mydump.engine.phases.data import data_phase
from airflow_mydump.engine.phases.definition_change import DEFINITIONS, Definitions, require_unchanged
from airflow_mydump.engine.phases.dump import dump_phase, snapshot_dump_phase
from airflow_mydump.engine.phases.dump_plan import dump_plan
from airflow_mydump.engine.phases.finish_dump import finish_dump
from airflow_mydump.engine.phases.plan import plan_path
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server import renewed
from airflow_mydump.engine.server.session import Session
from tests.integration.contents import assert_same_contents
from tests.integration.crew import QUICK, Crew
from tests.integration.pair import Pair, endpoint, rows_of, run_sql, value_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from airflow_mydump.engine.consistency.settings import Mode
    from airflow_mydump.engine.server.endpoint import Endpoint
    from tests.integration.run import Run

SMALL = {"innodb-buffer-pool-size": "64M"}
TABLES = ("CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1), (1)", "CREATE VIEW w AS SELECT v FROM t")


@pytest.fixture
def shop(run: Run) -> Run:
    run.on_source(*TABLES)
    run.settings = PlanSettings(concurrency=1, max_bundles=1)
    return run


def copy_ledger(source: Server, target: Server) -> None:
    """The ledger as it is, with all rows."""
    (_, create), *_ = rows_of(source, "SHOW CREATE TABLE airflow_mydump.ledger")
    rows = rows_of(source, "SELECT * FROM airflow_mydump.ledger")
    run_sql(target, "CREATE DATABASE IF NOT EXISTS airflow_mydump", "DROP TABLE IF EXISTS airflow_mydump.ledger",
            "USE airflow_mydump", create)  # fmt: skip
    with target.connect(database="airflow_mydump") as connection, connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO ledger VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)


def test_a_target_that_has_a_copy_of_the_ledger_is_refused_by_every_phase(shop: Run) -> None:
    first = shop.target
    phases: dict[str, Callable[[], object]] = {
        name: getattr(shop, name) for name in ("schema", "data", "index", "verify", "post", "report")
    }
    shop.plan()
    with Server(shop.pair.flavor, SMALL) as other:
        run_sql(other, f"CREATE DATABASE {shop.database}", f"USE {shop.database}", "CREATE TABLE t (v INT)",
                "INSERT INTO t VALUES (7)")  # fmt: skip
        for phase in phases.values():
            copy_ledger(shop.pair.target, other)
            ledger = rows_of(other, "SELECT * FROM airflow_mydump.ledger ORDER BY plan, step, item")
            shop.target = endpoint(other)
            with pytest.raises(IncompleteRunError, match=r"was begun on the server .*, and .* answers now"):
                phase()
            assert rows_of(other, "SELECT v FROM t", shop.database) == [(7,)]
            assert rows_of(other, "SELECT * FROM airflow_mydump.ledger ORDER BY plan, step, item") == ledger
            shop.target = first
            phase()
    assert_same_contents(shop.pair.source, shop.pair.target, shop.database)


def test_a_server_with_a_new_name_and_port_is_the_same_by_its_own_name(shop: Run) -> None:
    """As a container that is made anew around the same data directory."""
    with Server(shop.pair.flavor, SMALL) as moving:
        shop.pair, shop.target = Pair(shop.pair.source, moving), endpoint(moving)
        shop.plan()
        shop.schema()
        moving.stop()
        moving.port = free_port()
        moving.start()
        shop.target = endpoint(moving)
        if not shop.pair.is_mysql:
            with pytest.raises(IncompleteRunError, match="answers now"):
                shop.data()
            return
        shop.data()
        shop.finish()
        assert_same_contents(shop.pair.source, moving, shop.database)


class Successor:
    """A source that is planned on, and then another server in its place, which has other rows."""

    def __init__(self, pair: Pair, database: str) -> None:
        self.first, self.second = (Server(pair.flavor, SMALL) for _ in range(2))
        self.database = database

    def __enter__(self) -> Server:
        self.first.start()
        run_sql(self.first, f"CREATE DATABASE {self.database}", f"USE {self.database}", *TABLES)
        return self.first

    def take_over(self) -> Server:
        self.first.stop()
        self.second.port, self.second.account = self.first.port, self.first.account
        self.second.start()
        run_sql(self.second, f"CREATE DATABASE {self.database}", f"USE {self.database}", *TABLES[:1], TABLES[2],
                "INSERT INTO t VALUES (7)")  # fmt: skip
        return self.second

    def __exit__(self, *error: object) -> None:
        self.first.remove()
        self.second.remove()


PLANNED_ELSEWHERE = r"was planned on the server .*, and .* answers at .* now"


def test_nothing_is_read_from_another_source_than_it_was_planned_on(shop: Run, tmp_path: Path) -> None:
    successor = Successor(shop.pair, shop.database)
    with successor as first:
        shop.source, shop.pair = endpoint(first), Pair(first, shop.pair.target)
        plan = shop.plan()
        shop.schema()
        dumps = [Dump(shop.source, shop.database, tmp_path / mode, mode) for mode in ("none", "snapshot")]
        planned = [dump.plan() for dump in dumps]
        assert [dump.plan() for dump in dumps] == planned

        successor.take_over()
        with pytest.raises(IncompleteRunError, match=PLANNED_ELSEWHERE):
            data_phase(shop.source, shop.target, shop.work, shop.plan_files()[0])
        definitions = shop.work.read(f"{plan_path(plan.identity)}/{DEFINITIONS}", Definitions)
        with pytest.raises(IncompleteRunError, match=PLANNED_ELSEWHERE):
            require_unchanged(shop.source, definitions)
        for mode in ("snapshot", "locked"):
            with (
                Crew(shop, 1, replace(QUICK, mode=mode)) as crew,
                pytest.raises(IncompleteRunError, match=PLANNED_ELSEWHERE),
            ):
                crew.all()
        assert value_of(shop.pair.target, "SELECT COUNT(*) FROM t", shop.database) == 0
        for dump, before in zip(dumps, planned, strict=True):
            with pytest.raises(IncompleteRunError, match=PLANNED_ELSEWHERE):
                dump.plan()
            with pytest.raises(IncompleteRunError, match=PLANNED_ELSEWHERE):
                dump.read(before)
            with pytest.raises(IncompleteRunError):
                finish_dump(shop.source, dump.storage)

        anew = shop.again()
        anew.source, anew.pair = shop.source, Pair(successor.second, shop.pair.target)
        assert anew.copy().rows == 1
        assert dumps[0].plan(replace_existing=True).plan != planned[0].plan


@dataclass(frozen=True)
class Dump:
    source: Endpoint
    database: str
    path: Path
    mode: str

    @property
    def storage(self) -> Storage:
        return Storage.at(str(self.path))

    def plan(self, replace_existing: bool = False) -> DumpPlan:
        settings = DumpSettings(PlanSettings(concurrency=1), mode=self.mode)  # type: ignore[arg-type]
        return dump_plan(self.source, Selection((self.database,)), settings, "test", self.storage, replace_existing)

    def read(self, plan: DumpPlan) -> object:
        if self.mode == "none":
            return dump_phase(self.source, self.storage, plan.bundles[0].file)
        return snapshot_dump_phase(self.source, self.storage, QUICK, Worker(0, 1))


@pytest.mark.parametrize(
    ("mode", "module"),
    [
        *(("snapshot", module) for module in (named_lock, global_lock, renewed, definition_change)),
        *(("locked", module) for module in (named_lock, definition_change)),
    ],
)
def test_no_connection_of_a_run_may_lead_to_another_server(
    shop: Run, monkeypatch: pytest.MonkeyPatch, module: ModuleType, mode: Mode
) -> None:
    """As where the address is a load balancer's."""
    shop.plan()
    shop.schema()
    others = endpoint(shop.pair.target)

    def led_astray(where: Endpoint, *state: Any) -> Session:
        if where.port == shop.source.port:
            where = replace(where, port=others.port, user=others.user, password=others.password)
        return Session(where, *state)

    monkeypatch.setattr(module, "Session", led_astray)
    with (
        Crew(shop, 1, replace(QUICK, mode=mode)) as crew,
        pytest.raises(IncompleteRunError, match=PLANNED_ELSEWHERE),
    ):
        crew.all()
    assert value_of(shop.pair.target, "SELECT COUNT(*) FROM t", shop.database) == 0
