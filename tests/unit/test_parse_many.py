"""Hundreds of migrations in one file are parsed in seconds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from airflow.dag_processing.dagbag import DagBag

if TYPE_CHECKING:
    from pathlib import Path

MANY = 500
#: Of a processor alone, and several times what it takes.
SECONDS = 10.0


def test_five_hundred_migrations_in_a_file_are_parsed_in_seconds(tmp_path: Path) -> None:
    file = tmp_path / "many.py"
    file.write_text(
        "from airflow_mydump.dag_factory import MigrationDag, SourceConfig, TargetConfig\n"
        f"for number in range({MANY}):\n"
        '    MigrationDag(f"tenant_{number}", source=SourceConfig("a", schemas=[f"tenant_{number}"]),\n'
        '                 target=TargetConfig("b"), schedule="@daily")\n'
    )
    begun = time.process_time()
    bag = DagBag(dag_folder=str(file), bundle_path=tmp_path, bundle_name="many")
    seconds = time.process_time() - begun
    assert bag.import_errors == {}
    assert len(bag.dags) == MANY
    assert seconds < SECONDS
