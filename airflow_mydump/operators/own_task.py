"""Which tasks of a DAG are this package's: a user's may stand before, between, beside and behind them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

_PACKAGE = __name__.rpartition(".")[0]


def is_own(task: Any) -> bool:
    """Whether a task, mapped or not, is of one of this package's operators, or of a user's class made of one."""
    kind = getattr(task, "operator_class", type(task))
    return any(each.__module__.startswith(f"{_PACKAGE}.") for each in getattr(kind, "__mro__", ()))


def own_relatives(task: Any, upstream: bool) -> list[str]:
    """This package's tasks before or behind a task, those in its own task group alone, in the order in which they
    run."""
    beside: Collection[str] = task.task_group.children.keys() if task.task_group else ()
    related = task.get_flat_relative_ids(upstream=upstream)
    ordered = task.dag.topological_sort()
    return [each.task_id for each in ordered if each.task_id in related and each.task_id in beside and is_own(each)]
