"""The DAG factory: a few frozen configs in, a DAG or task group of constant shape out."""

from __future__ import annotations

from airflow_mydump.dag_factory.config import ExecutionConfig, PlanConfig, SelectionConfig, SourceConfig, TargetConfig
from airflow_mydump.dag_factory.migration import MigrationDag, MigrationTaskGroup

__all__ = [
    "ExecutionConfig",
    "MigrationDag",
    "MigrationTaskGroup",
    "PlanConfig",
    "SelectionConfig",
    "SourceConfig",
    "TargetConfig",
]
