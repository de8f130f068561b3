"""Find-tenants: which databases of a server a fleet's run moves, and what each one's own run is called."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from airflow.providers.common.compat.sdk import conf

from airflow_mydump.engine.errors import SelectionError
from airflow_mydump.engine.selection.open_selection import OpenSelection
from airflow_mydump.operators.phase import PhaseOperator, engine_errors
from airflow_mydump.operators.run_conf import conf_of
from airflow_mydump.operators.run_request import RunRequest


class FindTenantsOperator(PhaseOperator):
    """Returns for every tenant the arguments of the operator that triggers its run.

    The run's name is made of this run's and the tenant's, so that a fleet's run that is cleared, or run again by a
    backfill, runs the same tenants' runs again.

    Their conf has what this run's conf asks for, and what they would do otherwise by themselves. The rest is left to
    the tenants' DAG: a run that is cleared keeps the conf that it was given, and by then the DAG may be another.

    :param names: the tenants; none of them means that they are looked for
    :param query: SQL that the source answers with one name a row
    :param find: a function that returns names
    :param selection: which databases are tenants at all; of those, without names, query and function, all
    :param allow_empty: whether no tenant is in order
    :param usual: the values of the tenants' DAG's params, where nothing is asked for
    """

    def __init__(
        self,
        *,
        names: Sequence[str] = (),
        query: str = "",
        find: Callable[[], Sequence[str]] | None = None,
        selection: OpenSelection,
        allow_empty: bool = False,
        usual: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.names = tuple(names)
        self.query = query
        self.find = find
        self.selection = selection
        self.allow_empty = allow_empty
        self.usual = dict(usual or {})

    def execute(self, context: Any) -> list[dict[str, Any]]:
        """Find the tenants; returns ``conf`` and ``trigger_run_id`` for each."""
        with engine_errors():
            request = RunRequest.of_run(context, self)
            tenants = self._chosen(request)
        self.log.info("%s tenants: %s", len(tenants), ", ".join(tenants))
        common = self._passed_on(request, conf_of(context))
        return [
            {"conf": {"tenant": tenant, **common}, "trigger_run_id": run_id_of(context["run_id"], tenant)}
            for tenant in tenants
        ]

    def _passed_on(self, request: RunRequest, conf: Mapping[str, Any]) -> dict[str, Any]:
        usual = RunRequest.of(self.usual)
        asked = {name: getattr(request, name) for name in ("dry_run", "if_exists", "content")}
        return {
            name: value
            for name, value in asked.items()
            # A dry run is always said: the report of the fleet goes by it.
            if value is True or (value is not None and (name in conf or value != getattr(usual, name)))
        }

    def _chosen(self, request: RunRequest) -> list[str]:
        found = list(self.names or self._found())
        if unknown := sorted(set(request.tenants) - set(found)):
            raise SelectionError(f"{unknown[0]} is not among the fleet's tenants")
        tenants = [name for name in found if not request.tenants or name in request.tenants]
        for name in tenants:
            self.selection.of_tenant(name)
        if twice := sorted({name for name in tenants if tenants.count(name) > 1}):
            raise SelectionError(f"tenant {twice[0]} was found twice")
        if not tenants and not self.allow_empty:
            raise SelectionError("no tenant was found; check where they are looked for, or say allow_empty")
        most = conf.getint("core", "max_map_length", fallback=1024)
        if len(tenants) > most:
            raise SelectionError(f"{len(tenants)} tenants are more than [core] max_map_length, {most}: raise it")
        return tenants

    def _found(self) -> Sequence[str]:
        if self.find:
            return [str(name) for name in self.find()]
        # Imported when the task runs: its driver is no part of parsing a DAG.
        from airflow_mydump.engine.selection.tenants import user_databases
        from airflow_mydump.engine.server.session import Session
        from airflow_mydump.engine.server.session_state import metadata

        with Session(self.source, metadata) as session:
            if self.query:
                return [str(row[0]) for row in session.text_rows(self.query)]
            return [name for name in user_databases(session) if self.selection.wants(name)]


def run_id_of(parent: str, tenant: str) -> str:
    """The run of a tenant, in letters that Airflow takes; different tenants have different ones."""
    plain = re.sub(r"[^A-Za-z0-9_.~:+-]", "-", tenant)
    mark = "" if plain == tenant else f"-{zlib.crc32(tenant.encode()):08x}"
    # Airflow keeps names that begin with the kind of another run, such as scheduled__, for those.
    return f"fleet__{parent}__{plain}{mark}"
