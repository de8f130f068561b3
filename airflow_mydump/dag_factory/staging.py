"""What a user says about the dump directory between two servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from airflow_mydump.dag_factory.requirement import require
from airflow_mydump.engine.dump_directory.compressed_file import DEFAULT_LEVEL
from airflow_mydump.engine.dump_directory.dump_plan import HIGHEST_LEVEL

IfDumpExists = Literal["fail", "replace"]


@dataclass(frozen=True)
class StagingConfig:
    """The dump directory.

    :param path: path or URL that all workers see; a template, so that each run may have its own, such as
        ``s3://my_aws@bucket/shop/{{ ds }}``, where ``my_aws`` is an Airflow connection; without one the file system
        logs in from the environment or the machine's role
    :param level: zstd's level, 1 to 19; 1 is the fastest
    :param if_exists: what a dump does when the directory has a complete dump of this package, or one of another run:
        ``fail`` (default) or ``replace``; anything else that is there is never touched
    """

    path: str
    level: int = DEFAULT_LEVEL
    if_exists: IfDumpExists = "fail"

    def __post_init__(self) -> None:
        require(self, "path", bool(self.path), "names no directory")
        require(self, "level", 1 <= self.level <= HIGHEST_LEVEL, f"is not between 1 and {HIGHEST_LEVEL}")
        choices = get_args(IfDumpExists)
        require(self, "if_exists", self.if_exists in choices, f"is not one of {', '.join(choices)}")
