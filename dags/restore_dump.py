"""Restores a dump that `dump_to_storage` made, of the moment that is chosen when it is triggered.

Needs a connection of type MySQL, `mydump_target`, and runs as it is; MYDUMP_DUMPS and MYDUMP_TENANT are as in
`dump_to_storage`. The moment is the name of the dump's directory, such as `20260401T020000`. Nothing but digits can be
chosen, so that nobody can make Airflow read another path; a moment of which there is no dump fails in `load_plan`.
"""

from __future__ import annotations

import os

from airflow.sdk import Param

from airflow_mydump.dag_factory import RestoreDag, StagingConfig, TargetConfig

TENANT = os.environ.get("MYDUMP_TENANT", "shop")
DUMPS = os.environ.get("MYDUMP_DUMPS", "/tmp/mydump_dumps")  # noqa: S108

RestoreDag(
    "restore_dump",
    staging=StagingConfig(f"{DUMPS}/{TENANT}/{{{{ params.moment }}}}"),
    target=TargetConfig("mydump_target", if_exists="drop"),
    params={"moment": Param(type="string", pattern="^[0-9]{8}T[0-9]{6}$", title="Moment", description="Of the dump.")},
    schedule=None,
    doc_md=__doc__,
    tags=["mydump"],
)
