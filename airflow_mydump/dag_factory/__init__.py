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
    )
    from airflow_mydump.dag_factory.dump import DumpDag, DumpTaskGroup
    from airflow_mydump.dag_factory.migration import MigrationDag, MigrationTaskGroup
    from airflow_mydump.dag_factory.restore import RestoreDag, RestoreTaskGroup
    from airflow_mydump.dag_factory.staging import StagingConfig

__all__ = [
    "ConsistencyConfig",
    "DumpDag",
    "DumpTaskGroup",
    "ExecutionConfig",
    "MigrationDag",
    "MigrationTaskGroup",
    "PlanConfig",
    "RestoreDag",
    "RestoreTaskGroup",
    "SelectionConfig",
    "SourceConfig",
    "StagingConfig",
    "TargetConfig",
]

_HOMES = {
    "DumpDag": "dump",
    "DumpTaskGroup": "dump",
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
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'config')}"), name)
