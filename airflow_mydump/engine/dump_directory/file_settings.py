"""What a file of another tool says of its values before they come: in which character set they are, and in which time
zone. Their bytes are loaded as they are and their times as UTC, which is what mydumper writes unless it is told
otherwise; anything else would be altered without a word."""

from __future__ import annotations

import re

from airflow_mydump.engine.errors import DumpError
from airflow_mydump.engine.metadata.catalog import Table

_OWN = r"(?<![@\w])(?:@@)?(?:(?:SESSION|LOCAL)[.\s]\s*)?`?"
"""What may stand before a session's variable; a variable of the user's has one @."""

_CHARSET = re.compile(
    rf"(?:(?<![@\w])(?:NAMES|CHARACTER\s+SET|CHARSET)\s+|{_OWN}CHARACTER_SET_CLIENT`?\s*:?=\s*)['\"]?(?P<value>\w+)",
    re.IGNORECASE,
)
_TIME_ZONE = re.compile(rf"{_OWN}TIME_ZONE`?\s*:?=\s*['\"]?(?P<value>[^\s'\"*;,]+)", re.IGNORECASE)


class FileSettings:
    """The settings of one file with rows of a table."""

    def __init__(self, file: str, table: Table) -> None:
        self._file = file
        self._has_times = any(column.data_type == "timestamp" for column in table.columns)
        self._charset, self._time_zone = "binary", ""

    def read(self, setting: str) -> None:
        """Take note of a SET statement."""
        for found in _CHARSET.finditer(setting):
            self._charset = found["value"].lower()
        for found in _TIME_ZONE.finditer(setting):
            self._time_zone = found["value"]

    def require_stored_bytes(self) -> None:
        """Raise DumpError naming the file if literals follow that are in another character set than the columns' own.
        A LOAD DATA statement names that of its file itself."""
        if self._charset != "binary":
            raise DumpError(
                f"the file {self._file} is written in character set {self._charset}, and not in its columns' own: "
                "dump with mydumper's default, SET NAMES binary"
            )

    def require_utc(self) -> None:
        """Raise DumpError naming the file if rows follow with times that are not said to be UTC."""
        if self._has_times and self._time_zone.upper() not in ("+00:00", "UTC"):
            said = f"of time zone {self._time_zone}" if self._time_zone else "of no time zone that it names"
            raise DumpError(
                f"the file {self._file} has TIMESTAMP values {said}: dump without --skip-tz-utc; if they are UTC, say "
                "so in its first line: /*!40103 SET TIME_ZONE='+00:00' */;"
            )
