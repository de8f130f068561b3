"""The DAG factory: a few frozen configs in, a DAG or task group of constant shape out."""

from __future__ import annotations

from airflow_mydump.dag_factory.config import ExecutionConfig, PlanConfig, SelectionConfig, SourceConfig, TargetConfig
from airflow_mydump.dag_factory.dump import DumpDag, DumpTaskGroup
from airflow_mydump.dag_factory.migration import MigrationDag, MigrationTaskGroup
from airflow_mydump.dag_factory.restore import RestoreDag, RestoreTaskGroup
from airflow_mydump.dag_factory.staging import StagingConfig

__all__ = [
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
