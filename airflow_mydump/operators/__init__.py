"""One thin operator per phase: Airflow's context in, one call of the engine, a small return value out."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "AwaitTenantsSensor": "await_tenants",
    "ChunkPlanOperator": "chunk_plan",
    "DataPhaseOperator": "data_phase",
    "DumpPhaseOperator": "dump_phase",
    "DumpPlanOperator": "dump_plan",
    "FindTenantsOperator": "find_tenants",
    "FinishDumpOperator": "finish_dump",
    "FleetReportOperator": "fleet_report",
    "IndexPhaseOperator": "index_phase",
    "LoadPhaseOperator": "load_phase",
    "LoadPlanOperator": "load_plan",
    "PauseApplierOperator": "pause_applier",
    "PauseDumpedOperator": "pause_dumped",
    "PostPhaseOperator": "post_phase",
    "PreflightOperator": "preflight",
    "PrefetchMetadataOperator": "prefetch_metadata",
    "PruneDumpsOperator": "prune_dumps",
    "ReportOperator": "report",
    "ResumeApplierOperator": "resume_applier",
    "ResumeDumpedOperator": "resume_dumped",
    "SchemaPhaseOperator": "schema_phase",
    "SnapshotDataOperator": "snapshot_data",
    "SnapshotDumpOperator": "snapshot_dump",
    "VerifyLoadOperator": "verify_load",
    "VerifyOperator": "verify",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import an operator when it is first named, so that importing this package costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
