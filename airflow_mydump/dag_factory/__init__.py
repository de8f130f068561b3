"""The DAG factory: a few frozen configs in, a DAG or task group of constant shape out.

Names are imported when they are first used: a DAG file that copies does not wait for what dumps and restores need.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_mydump.dag_factory.config import (
        ConsistencyConfig,
        ExecutionConfig,
        PlanConfig,
        SelectionConfig,
        SourceConfig,
        TargetConfig,
        VerifyConfig,
    )
    from airflow_mydump.dag_factory.dump import DumpDag, DumpTaskGroup
    from airflow_mydump.dag_factory.fleet import FleetConfig, FleetDag
    from airflow_mydump.dag_factory.migration import MigrationDag, MigrationTaskGroup
    from airflow_mydump.dag_factory.restore import RestoreDag, RestoreTaskGroup
    from airflow_mydump.dag_factory.staging import StagingConfig
    from airflow_mydump.operators.tenant_asset import tenant_asset

__all__ = [
    "ConsistencyConfig",
    "DumpDag",
    "DumpTaskGroup",
    "ExecutionConfig",
    "FleetConfig",
    "FleetDag",
    "MigrationDag",
    "MigrationTaskGroup",
    "PlanConfig",
    "RestoreDag",
    "RestoreTaskGroup",
    "SelectionConfig",
    "SourceConfig",
    "StagingConfig",
    "TargetConfig",
    "VerifyConfig",
    "tenant_asset",
]

_HOMES = {
    "DumpDag": "dump",
    "DumpTaskGroup": "dump",
    "FleetConfig": "fleet",
    "FleetDag": "fleet",
    "MigrationDag": "migration",
    "MigrationTaskGroup": "migration",
    "RestoreDag": "restore",
    "RestoreTaskGroup": "restore",
    "StagingConfig": "staging",
}


def __getattr__(name: str) -> Any:
    """Import a name's module when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    if name == "tenant_asset":
        return import_module("airflow_mydump.operators.tenant_asset").tenant_asset
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'config')}"), name)
