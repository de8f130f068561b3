"""Everything that preflight and the planner look at, without a run: all findings at once, and nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from airflow_mydump.engine import preflight
from airflow_mydump.engine.consistency.settings import Consistency
from airflow_mydump.engine.dump_directory.reader import read_dump
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import DumpError, PreflightError
from airflow_mydump.engine.metadata.catalog import Catalog
from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.plan.decision import decide
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.preflight.finding import Finding, blocker
from airflow_mydump.engine.selection.dump_selection import narrowed
from airflow_mydump.engine.selection.open_selection import OpenSelection
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from airflow_mydump.engine.translation.catalog import translate_catalog


def examine_copy(
    source: Endpoint,
    target: Endpoint,
    selection: Selection,
    settings: PlanSettings,
    consistency: Consistency = preflight.ONE_BY_ONE,
) -> tuple[Finding, ...]:
    """All that a copy would meet. Raises SelectionError, ConnectError, ServerError."""
    findings = list(preflight.look(source, target, selection, consistency, settings.ledger).findings)
    with _noting(findings):
        with Session(source, metadata) as reading, Session(target, metadata) as writing:
            findings += preflight.accounts_to_move.findings(reading, writing, settings.users, selection)
            coming = preflight.coming_accounts(reading, settings.users, selection)
        findings += _on_target(target, prefetch_metadata(source, selection), selection, settings, coming)
    return tuple(findings)


def examine_dump(
    source: Endpoint, selection: Selection, consistency: Consistency = preflight.ONE_BY_ONE
) -> tuple[Finding, ...]:
    """All that a dump would meet on the source. Raises SelectionError, ConnectError, ServerError."""
    with Session(source, metadata) as session:
        findings = list(preflight.source_findings(session, selection, consistency))
    with _noting(findings):
        prefetch_metadata(source, selection)
    return tuple(findings)


def examine_restore(
    storage: Storage, target: Endpoint, wanted: OpenSelection, settings: PlanSettings, dynamic_sql: bool = False
) -> tuple[Finding, ...]:
    """All that a restore would meet on the target. Raises SelectionError, ConnectError, ServerError."""
    findings: list[Finding] = []
    with _noting(findings):
        found = read_dump(storage, dynamic_sql)
        selection = wanted.of([schema.name for schema in found.catalog.schemas])
        findings += preflight.look_at_target(target, selection, settings.ledger)
        settings = replace(settings, translation=settings.translation.with_json_as_text)  # as `load_plan` does
        findings += _on_target(target, narrowed(found.catalog, selection), selection, settings)
    return tuple(findings)


def _on_target(
    target: Endpoint, catalog: Catalog, selection: Selection, settings: PlanSettings,
    coming_accounts: frozenset[str] = frozenset(),
) -> tuple[Finding, ...]:  # fmt: skip
    with Session(target, metadata) as session:
        translation = translate_catalog(catalog, session, settings.translation)
        if any(finding.severity == "blocker" for finding in translation.findings):
            return translation.findings
        decided = settings.if_exists, settings.defer_keys, settings.adaptation, coming_accounts, settings.ledger
        return (*translation.findings, *decide(session, translation.catalog, selection, *decided).findings)


@contextmanager
def _noting(findings: list[Finding]) -> Iterator[None]:
    """What stops the look at the catalog is a finding like the others."""
    try:
        yield
    except (PreflightError, DumpError) as error:
        findings.append(blocker(error, "", ""))
