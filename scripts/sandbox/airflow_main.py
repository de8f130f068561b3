"""The `airflow` command, after everything is imported that its tasks need.

Tasks are forked from the scheduler, and the parsing of DAG files from the DAG processor. What these have imported
costs their children nothing: without it, most of a short task's time goes into imports.

Runs as a script: `python airflow_main.py ARGUMENT...`.
"""

from __future__ import annotations

import importlib
import sys

# the folder of this file, whose airflow.py is another
del sys.path[0]

from airflow.__main__ import main  # noqa: E402

from airflow_mydump import dag_factory, operators  # noqa: E402

_LATER = (
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "airflow_mydump.hooks.mydump",
    "airflow_mydump.notifications",
    "airflow_mydump.engine.phases.data",
    "airflow_mydump.engine.phases.dump",
    "airflow_mydump.engine.phases.finish_dump",
    "airflow_mydump.engine.phases.index",
    "airflow_mydump.engine.phases.load",
    "airflow_mydump.engine.phases.post",
    "airflow_mydump.engine.phases.report",
    "airflow_mydump.engine.phases.schema",
    "airflow_mydump.engine.phases.verify",
    "airflow_mydump.engine.phases.verify_load",
)
"""What is imported when a task runs."""

if __name__ == "__main__":
    for package in (dag_factory, operators):
        for name in package.__all__:
            getattr(package, name)
    for module in _LATER:
        importlib.import_module(module)
    main()  # type: ignore[no-untyped-call]
