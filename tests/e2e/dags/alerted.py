"""A migration that tells of its end in a file, one line for each message."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_mydump.dag_factory import ExecutionConfig, MigrationDag, SourceConfig, TargetConfig
from airflow_mydump.notifications import MigrationNotifier

if TYPE_CHECKING:
    from airflow_mydump.notifications.message import RunMessage

WORK = Path(os.environ["MYDUMP_WORK_DIRECTORY"])


def tell(message: RunMessage) -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    with (WORK / "alerts.jsonl").open("a") as file:
        print(json.dumps({"subject": message.subject, "text": message.text}), file=file)


MigrationDag(
    "alerted",
    source=SourceConfig("source_mariadb", schemas=["alerted"]),
    target=TargetConfig("target_mariadb"),
    execution=ExecutionConfig(concurrency=2, work_directory=str(WORK), retries=0),
    schedule=None,
    on_failure_callback=MigrationNotifier(tell),
    on_success_callback=MigrationNotifier(tell),
)
