"""What to say when a migration, dump, restore or fleet has ended, and to whom."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_mydump.notifications.notifier import MigrationNotifier

__all__ = ["MigrationNotifier"]


def __getattr__(name: str) -> Any:
    """Import the notifier when it is first named."""
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return import_module(f"{__name__}.notifier").MigrationNotifier
