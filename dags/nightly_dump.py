"""Dumps one tenant every night, each run into a directory of its own, and restores it on another server.

Needs two connections of type MySQL, `mydump_source` and `mydump_target`, and runs as it is. The tenant is the database
`shop`; say another in the environment variable MYDUMP_TENANT of Airflow, and in MYDUMP_DUMPS where dumps are to lie.
For dumps alone, or restores alone, there are `DumpDag` and `RestoreDag`.
"""

from __future__ import annotations

import os

from airflow.sdk import DAG

from airflow_mydump.dag_factory import DumpTaskGroup, RestoreTaskGroup, SourceConfig, StagingConfig, TargetConfig

TENANT = os.environ.get("MYDUMP_TENANT", "shop")
DUMPS = os.environ.get("MYDUMP_DUMPS", "/tmp/mydump_dumps")  # noqa: S108

# The path comes from the schedule alone: whoever may trigger a run must not choose what is written or restored.
staging = StagingConfig(f"{DUMPS}/{TENANT}/{{{{ dag_run.run_after | ts_nodash }}}}")

with DAG("nightly_dump", schedule="0 2 * * *", catchup=False, max_active_runs=1, doc_md=__doc__, tags=["mydump"]):
    dump = DumpTaskGroup(source=SourceConfig("mydump_source", schemas=[TENANT]), staging=staging)
    restore = RestoreTaskGroup(staging=staging, target=TargetConfig("mydump_target"))
    dump >> restore
