"""Shows how a plan would cut and pack a source's tables, without a target and without leaving anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.engine.plan.bundle_draft import BundleDraft
from airflow_mydump.engine.plan.chunk_proof import require_cover
from airflow_mydump.engine.plan.cut_report import TableCuts, describe_balance, describe_tables
from airflow_mydump.engine.plan.plan import PlannedTable
from airflow_mydump.engine.plan.planner import cut_tables
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.row_condition import check_conditions
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import reading


@dataclass(frozen=True)
class PlanPreview:
    """How the tables would be cut, and the bundles' bytes. Equal input has equal fingerprints."""

    cuts: tuple[TableCuts, ...]
    bundles: tuple[int, ...]
    fingerprint: str

    def lines(self, most: int) -> Iterator[str]:
        """The preview for people; at most ``most`` tables have a line of their own."""
        yield from describe_tables(self.cuts, most)
        chunks, probes = sum(cut.chunks for cut in self.cuts), sum(cut.probes for cut in self.cuts)
        yield ""
        yield f"{len(self.cuts):,} tables in {chunks:,} chunks, found with {probes:,} queries"
        yield describe_balance(self.bundles)
        yield f"fingerprint {self.fingerprint}"


def preview_plan(source: Endpoint, selection: Selection, settings: PlanSettings, prove: bool = False) -> PlanPreview:
    """Cut and pack the selected tables; ``prove`` that each row is in one chunk, see `chunk_proof`.

    Raises SelectionError, PreflightError, VerificationError, ConnectError, ServerError.
    """
    catalog = prefetch_metadata(source, selection)
    planned = [
        PlannedTable.chosen(number, table, selection, "create")
        for number, table in enumerate(catalog.tables)
        if not table.structure_only
    ]
    cuts = []
    with Session(source, reading) as session, BundleDraft() as draft:
        check_conditions(session, (table.name for table in catalog.tables), selection)
        for table, cut in cut_tables(session, planned, settings.cutting):
            draft.add(table, cut)
            cuts.append(TableCuts.of(table, cut))
            if prove:
                require_cover(session, table, cut.chunks)
        bundles = draft.bundles(settings.concurrency, settings.max_bundles)
        return PlanPreview(tuple(cuts), tuple(map(draft.weight, bundles)), draft.fingerprint(()))
