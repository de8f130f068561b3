"""Prefetch-metadata: reads the catalog of the source into the work directory."""

from __future__ import annotations

import secrets
from typing import Any

from airflow_mydump.engine.phases.prefetch import prefetch_metadata
from airflow_mydump.operators.phase import engine_errors
from airflow_mydump.operators.selecting import SelectingOperator


class PrefetchMetadataOperator(SelectingOperator):
    """Reads tables, columns, keys, sizes, definitions and other objects of everything selected."""

    def execute(self, context: Any) -> str:
        """Read the catalog; returns its file, relative to the run's directory."""
        file = f"catalogs/{secrets.token_hex(6)}.json.zst"
        with engine_errors():
            catalog = prefetch_metadata(self.source, self.chosen(context))
            self.directory.write(file, catalog)
        self.log.info(
            "%s has %s tables of about %s rows, and %s views, routines, triggers and events",
            catalog.server,
            f"{len(catalog.tables):,}",
            f"{sum(table.rows for table in catalog.tables):,}",
            f"{len(catalog.objects):,}",
        )
        return file
