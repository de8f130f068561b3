"""No two threads make msgspec look at the same type at once: the process may die of it."""

from __future__ import annotations

import re
from pathlib import Path

import airflow_mydump
from airflow_mydump.engine import known_type

PACKAGE = Path(airflow_mydump.__file__).parent
_INTO_A_TYPE = re.compile(r"msgspec\.(json\.decode\(.*type=|json\.Decoder\(|convert\()")


def test_every_type_that_records_are_decoded_into_is_known_first() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}: {line.strip()}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line in path.read_text().splitlines()
        if "msgspec" in line and _INTO_A_TYPE.search(line) and "known(" not in line
        if path != Path(known_type.__file__)
    ]
    assert not found
