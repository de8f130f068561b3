"""Fleets: many tenants of a server, each moved by a run of its own.

Two DAGs come of it. The parent has the schedule and four tasks, whatever the number of tenants::

    find_tenants -> start_tenant[] -> await_tenants -> fleet_report

The other, named as the parent with ``_tenant`` behind, is a migration of one tenant. So a tenant that fails fails
alone, can be looked at and cleared alone, and is run again with the rest when the parent's run is cleared or repeated
by a backfill.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from glob import escape
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Param, TriggerRule, chain
from airflow.sdk.definitions.mappedoperator import MappedOperator

from airflow_mydump.dag_factory.config import (
    ConsistencyConfig,
    ExecutionConfig,
    PlanConfig,
    SelectionConfig,
    SourceConfig,
    TargetConfig,
    VerifyConfig,
)
from airflow_mydump.dag_factory.migration import Migration, choice
from airflow_mydump.dag_factory.requirement import require
from airflow_mydump.dag_factory.run_params import content_param, dry_run_param, if_exists_param, tenants_param
from airflow_mydump.dag_factory.workflow import WorkflowDag
from airflow_mydump.engine.selection.open_selection import OpenSelection
from airflow_mydump.operators.await_tenants import AwaitTenantsSensor
from airflow_mydump.operators.find_tenants import FindTenantsOperator
from airflow_mydump.operators.fleet_report import FleetReportOperator


@dataclass(frozen=True)
class FleetConfig:
    """The server to read from, and where its tenants are known.

    Of ``names``, ``query`` and ``find`` one may be given; without, every database that matches ``pattern`` is a tenant.

    :param conn_id: connection of type ``mysql``
    :param names: the tenants, by exact name
    :param query: SQL that the source answers, at run time, with one name a row
    :param find: a function that returns the names, at run time
    :param pattern: glob on a database's name; what does not match is never moved, whoever names it
    :param max_active_tenants: tenants moved at a time
    :param poll_seconds: how often to look whether they have ended
    :param allow_empty: whether no tenant is in order
    """

    conn_id: str
    names: Sequence[str] = ()
    query: str = ""
    find: Callable[[], Sequence[str]] | None = None
    pattern: str = "*"
    max_active_tenants: int = 4
    poll_seconds: int = 15
    allow_empty: bool = False

    def __post_init__(self) -> None:
        require(self, "conn_id", bool(self.conn_id), "names no connection")
        require(self, "names", not isinstance(self.names, str), "is a list of names, not one string")
        require(self, "find", self.find is None or callable(self.find), "is no function")
        given = [name for name in ("names", "query", "find") if getattr(self, name)]
        require(self, given[-1] if given else "names", len(given) <= 1, f"cannot be given beside {given[:1]}")
        looked_for = bool(given) or self.pattern != "*"
        require(self, "pattern", looked_for, "would take every database; name tenants, or say which pattern")
        require(self, "max_active_tenants", self.max_active_tenants >= 1, "is less than 1")
        require(self, "poll_seconds", self.poll_seconds >= 1, "is less than 1")

    @property
    def globs(self) -> tuple[str, ...]:
        """What a tenant's name must match."""
        return tuple(escape(name) for name in self.names) or (self.pattern,)


@dataclass(frozen=True, kw_only=True)
class TenantMigration(Migration):
    """A migration of the one tenant that the run's params name."""

    fleet: FleetConfig

    def params(self) -> dict[str, Param]:
        """The tenant, and what a migration has."""
        names: dict[str, Any] = {"enum": list(self.fleet.names)} if self.fleet.names else {}
        tenant = Param(type="string", minLength=1, title="Tenant", description="The database to move.", **names)
        others = super().params()
        return {"tenant": tenant, **{name: others[name] for name in ("dry_run", "if_exists", "content")}}

    def chosen(self) -> OpenSelection:
        """What is to be moved of a tenant."""
        for name in ("where", "partitions"):
            require(self.selection, name, not getattr(self.selection, name), "cannot be used in a fleet")
        return OpenSelection(self.fleet.globs, rename=dict(self.target.rename), **choice(self.selection))


@dataclass(frozen=True)
class FleetTasks:
    """The tasks of a fleet's run, for wiring other tasks before and after them."""

    find_tenants: FindTenantsOperator
    start_tenant: MappedOperator
    await_tenants: AwaitTenantsSensor
    fleet_report: FleetReportOperator


class FleetDag(DAG):
    """Many tenants, each in a run of its own: ``FleetDag("nightly", fleet=…, target=…, schedule="@daily")``.

    ``phases`` has the handles of its tasks, ``tenant_dag`` is the DAG of a single tenant. Arguments that are not listed
    go to the parent's `airflow.sdk.DAG`. ``max_active_runs`` is 1 and ``catchup`` off unless given. Each tenant has a
    moment of its own: ``consistency`` is of the rows of one.

    :param operator_args: arguments for every operator of a tenant's run
    :param tenant_args: arguments for the tenants' `airflow.sdk.DAG`, such as ``on_failure_callback``

    Raises ConfigurationError, naming the field, if a config cannot be right.
    """

    def __init__(
        self,
        name: str | None = None,
        /,
        *,
        fleet: FleetConfig,
        target: TargetConfig,
        selection: SelectionConfig | None = None,
        plan: PlanConfig | None = None,
        consistency: ConsistencyConfig | None = None,
        verify: VerifyConfig | None = None,
        execution: ExecutionConfig | None = None,
        operator_args: Mapping[str, Any] | None = None,
        tenant_args: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        migration = TenantMigration(
            source=SourceConfig(fleet.conn_id, fleet.globs),
            fleet=fleet,
            target=target,
            selection=selection or SelectionConfig(),
            plan=plan or PlanConfig(),
            consistency=consistency or ConsistencyConfig(),
            verify=verify or VerifyConfig(),
            execution=execution or ExecutionConfig(),
            operator_args=operator_args or {},
        )
        require(fleet, "max_active_tenants", *_alone_where_it_pauses(migration))
        params = _params(migration) | dict(kwargs.pop("params", None) or {})
        named = {"dag_id": name} if name else {}
        super().__init__(**({"max_active_runs": 1, "catchup": False} | named | kwargs), params=params)
        # Airflow takes the file that called its own __init__, which is this one, for the DAG's.
        self.fileloc = sys._getframe(1).f_code.co_filename
        self.tenant_dag = _tenant_dag(self, migration, tenant_args or {})
        with self:
            self.phases = _add_tasks(migration, self.tenant_dag)


def _alone_where_it_pauses(migration: TenantMigration) -> tuple[bool, str]:
    alone = migration.consistency.mode != "replica" or migration.fleet.max_active_tenants == 1
    return alone, "must be 1 with the mode replica: a replica that one tenant's run has paused is refused by the others"


def _params(migration: TenantMigration) -> dict[str, Param]:
    names = migration.fleet.names
    return {
        **({"tenants": tenants_param(names)} if names else {}),
        "dry_run": dry_run_param(),
        "if_exists": if_exists_param(migration.target.if_exists),
        "content": content_param(migration.selection.content),
    }


def _tenant_dag(parent: DAG, migration: TenantMigration, arguments: Mapping[str, Any]) -> WorkflowDag:
    defaults = {
        "schedule": None,
        "max_active_runs": migration.fleet.max_active_tenants,
        # Every tenant has as many tasks at a time as a migration has alone.
        "max_active_tasks": max(16, migration.execution.concurrency) * migration.fleet.max_active_tenants,
        # It has no schedule of its own, and a paused DAG would keep the parent waiting.
        "is_paused_upon_creation": False,
        "tags": parent.tags,
    }
    dag = WorkflowDag(f"{parent.dag_id}_tenant", workflow=migration, **(defaults | dict(arguments)))
    dag.fileloc = parent.fileloc
    return dag


def _add_tasks(migration: TenantMigration, tenant_dag: DAG) -> FleetTasks:
    fleet, tenant_dag_id = migration.fleet, tenant_dag.dag_id
    run_as = _run_as(migration.execution)
    find = FindTenantsOperator(
        task_id="find_tenants",
        source_conn_id=fleet.conn_id,
        names=fleet.names,
        query=fleet.query,
        find=fleet.find,
        selection=migration.chosen(),
        allow_empty=fleet.allow_empty,
        usual=tenant_dag.params.dump(),
        patience=migration.execution.patience,
        **(run_as | migration.on_source()),
    )
    start = TriggerDagRunOperator.partial(
        task_id="start_tenant",
        trigger_dag_id=tenant_dag_id,
        reset_dag_run=True,
        map_index_template="{{ task.conf['tenant'] }}",
        **run_as,
    ).expand_kwargs(find.output)
    tasks = FleetTasks(
        find_tenants=find,
        start_tenant=start,
        await_tenants=AwaitTenantsSensor(
            task_id="await_tenants",
            start_task_id="start_tenant",
            tenant_dag_id=tenant_dag_id,
            poke_interval=fleet.poll_seconds,
            trigger_rule=TriggerRule.ALL_DONE,
            # A busy scheduler may take the end of one look for the end of the task that it has queued again.
            **(run_as | {"retries": 5, "retry_delay": timedelta(seconds=fleet.poll_seconds)}),
        ),
        fleet_report=FleetReportOperator(
            task_id="fleet_report",
            find_task_id="find_tenants",
            start_task_id="start_tenant",
            tenant_dag_id=tenant_dag_id,
            trigger_rule=TriggerRule.ALL_DONE,
            **run_as,
        ),
    )
    chain(tasks.find_tenants, tasks.start_tenant, tasks.await_tenants, tasks.fleet_report)
    return tasks


def _run_as(execution: ExecutionConfig) -> dict[str, Any]:
    """How the parent's tasks run."""
    retried = {"retries": execution.retries, "retry_delay": execution.retry_delay}
    return retried | ({"pool": execution.pool} if execution.pool else {})
