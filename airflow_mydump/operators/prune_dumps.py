"""Prune-dumps: removes the old ones among the dumps in a directory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from airflow_mydump.engine.dump_directory.retention import prune_dumps
from airflow_mydump.operators.object_store import directory_at
from airflow_mydump.operators.phase import PhaseOperator, engine_errors


class PruneDumpsOperator(PhaseOperator):
    """Removes dumps, and nothing else: a directory must be a whole dump of this package, and not the newest.

    :param directory: path or URL of the directory that the dumps' directories are in, as
        `object_store.directory_at` takes it
    :param keep: how many of the newest complete dumps of the same selection stay, at least 1
    :param keep_days: dumps that were begun in so many days stay too
    """

    template_fields: Sequence[str] = (*PhaseOperator.template_fields, "directory_of_dumps")

    def __init__(self, *, directory: str, keep: int, keep_days: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.directory_of_dumps = directory
        self.keep = keep
        self.keep_days = keep_days

    def execute(self, context: Any) -> dict[str, Any]:
        """Remove; returns the names of what was removed, kept and left alone."""
        with engine_errors():
            pruned = prune_dumps(directory_at(self.directory_of_dumps), self.keep, self.keep_days)
        for name in pruned.removed:
            self.log.info("Removed %s", name)
        for reason in pruned.left_alone:
            self.log.warning("Left alone: %s", reason)
        return asdict(pruned)
