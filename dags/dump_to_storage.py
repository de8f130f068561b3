"""Dumps one tenant every night into object storage, and removes all dumps but the newest seven.

Needs a connection of type MySQL, `mydump_source`, and runs as it is: dumps go to a directory of this machine. Say an
address such as `s3://my_aws@bucket/dumps`, with the id of an Airflow connection in it, in the environment variable
MYDUMP_DUMPS of Airflow. The tenant is the database `shop`; say another in MYDUMP_TENANT.
"""

from __future__ import annotations

import os

from airflow_mydump.dag_factory import DumpDag, SourceConfig, StagingConfig
from airflow_mydump.operators import PruneDumpsOperator

TENANT = os.environ.get("MYDUMP_TENANT", "shop")
DUMPS = os.environ.get("MYDUMP_DUMPS", "/tmp/mydump_dumps")  # noqa: S108

with DumpDag(
    "dump_to_storage",
    source=SourceConfig("mydump_source", schemas=[TENANT]),
    # The path comes from the schedule alone: whoever may trigger a run must not choose what is written.
    staging=StagingConfig(f"{DUMPS}/{TENANT}/{{{{ dag_run.run_after | ts_nodash }}}}"),
    schedule="0 2 * * *",
    doc_md=__doc__,
    tags=["mydump"],
) as dag:
    dag.phases.finish_dump >> PruneDumpsOperator(task_id="prune_dumps", directory=f"{DUMPS}/{TENANT}", keep=7)
