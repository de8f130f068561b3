"""The file ``metadata`` of a dump directory: what mydumper says of the dump, read as untrusted text, and written by us.

It looks like an INI file, but groups come twice, and a parser of INI files that is strict refuses it. myloader applies
options and session variables that it finds here; this reader takes names, numbers and checksums of tables and nothing
else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from airflow_mydump.engine.errors import DumpError

_QUOTE = "`"
_GROUP = re.compile(r"\[(?P<quote>[`\"])(?P<schema>[^`\"]+)(?P=quote)(?:\.(?P=quote)(?P<table>[^`\"]+)(?P=quote))?\]")
_SOURCE_COMMENT = re.compile(r"#?\s*(executed_gtid_set|SOURCE_LOG_FILE|SOURCE_LOG_POS)\s*=\s*(.*)")
_NUMBER = re.compile("[0-9]{1,19}")
_NEWLINE_IN_A_NAME = "\u10000"
"""mydumper writes a newline as U+1000 and a 0."""

_REAL_NAME = "real_table_name"
_INDEX = "# airflow_mydump_index = "
_CHECK = "# airflow_mydump_check = "
_FINISHED = "# Finished dump at:"

LARGEST_METADATA = 1 << 30
"""The bound for reading the file at once."""

AT_THE_POSITION = "All rows of transactional tables are as they were at this position."
AFTER_THE_POSITION = "Every chunk was read when its turn came: the position is that of the dump's beginning."

HEADER_SQL_MODE = "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES"
"""What every file of ours asks of the session that loads it: keys of 0 stay 0, and dates are taken as they are."""


@dataclass(frozen=True)
class TableEntry:
    """What ``metadata`` says of a table or view, under its names in file names; None where it says nothing."""

    schema: str
    table: str
    real_name: str
    rows: int | None = None
    is_view: bool = False
    is_sequence: bool = False
    data_checksum: str | None = None


@dataclass(frozen=True)
class Metadata:
    """What is taken from the file. ``index_sha256`` is there in dumps of this package only."""

    tables: Mapping[tuple[str, str], TableEntry]
    source: Mapping[str, str] = field(default_factory=dict)
    finished: bool = False
    index_sha256: str = ""


def write_metadata(
    entries: Iterable[TableEntry], source: Mapping[str, str], remark: str, started: str, finished: str,
    index_sha256: str,
) -> bytes:  # fmt: skip
    """The file's content; ``remark`` is about the position in ``source``. Its last line is a checksum of all lines
    before it."""
    lines = [
        f"# Started dump at: {started}",
        "[config]",
        "quote-character = BACKTICK",
        "local-infile = 1",
        "",
        "[myloader_session_variables]",
        f"SQL_MODE='{HEADER_SQL_MODE}' /*!40101",
        "",
        "[source]",
        *(f"# {name} = {value}" if value.isdecimal() else f'# {name} = "{value}"' for name, value in source.items()),
        f"# {remark}",
        "",
    ]
    sequences = 0
    for entry in entries:
        sequences += entry.is_sequence
        lines += [
            f"[{_QUOTE}{entry.schema}{_QUOTE}.{_QUOTE}{entry.table}{_QUOTE}]",
            f"{_REAL_NAME}={_escape(entry.real_name)}",
            f"rows = {entry.rows or 0}",
            *(["is_view = 1"] if entry.is_view else []),
            *(["is_sequence = 1"] if entry.is_sequence else []),
            "",
        ]
    lines += ["[config]", f"num-sequences = {sequences}", f"{_INDEX}{index_sha256}", f"{_FINISHED} {finished}"]
    content = "".join(f"{line}\n" for line in lines)
    return f"{content}{_CHECK}{hashlib.sha256(content.encode()).hexdigest()}\n".encode()


def read_metadata(content: bytes) -> Metadata:
    """Read what mydumper or this package wrote.

    Raises DumpError if the file is not text, or has a checksum of ours and differs from it.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise DumpError("the file metadata is damaged: it is not text") from None
    index = _checked_index(text)
    values: dict[tuple[str, str], dict[str, str]] = {}
    source: dict[str, str] = {}
    group: dict[str, str] | None = None
    for line in text.split("\n"):
        if line.startswith("["):
            found = _GROUP.match(line)
            group = values.setdefault((found["schema"], found["table"]), {}) if found and found["table"] else None
        elif remark := _SOURCE_COMMENT.match(line):
            source[remark[1]] = remark[2].strip().strip('"')
        elif group is not None and not line.startswith("#"):
            name, equals, value = line.partition("=")
            if equals:
                group.setdefault(name.strip(), value if name == _REAL_NAME else value.strip())
    entries = {names: _entry(*names, found) for names, found in values.items()}
    return Metadata(entries, source, f"\n{_FINISHED}" in text, index)


def _checked_index(text: str) -> str:
    if _INDEX not in text and _CHECK not in text:
        return ""
    content, _, last = text.rpartition(_CHECK)
    if last.strip() != hashlib.sha256(content.encode()).hexdigest() or not last.endswith("\n"):
        raise DumpError("the file metadata is damaged: its last line is not the checksum of the lines before it")
    return content.partition(_INDEX)[2].partition("\n")[0]


def _entry(schema: str, table: str, values: Mapping[str, str]) -> TableEntry:
    rows = values.get("rows", "")
    checksum = values.get("data_checksum", "")
    return TableEntry(
        schema=schema,
        table=table,
        real_name=_unescape(values.get(_REAL_NAME, table)),
        rows=int(rows) if _NUMBER.fullmatch(rows) else None,
        is_view=values.get("is_view") == "1",
        is_sequence=values.get("is_sequence") == "1",
        data_checksum=checksum if _NUMBER.fullmatch(checksum) else None,
    )


def _escape(name: str) -> str:
    return name.replace(_QUOTE, _QUOTE * 2).replace("\n", _NEWLINE_IN_A_NAME)


def _unescape(name: str) -> str:
    return name.replace(_NEWLINE_IN_A_NAME, "\n").replace(_QUOTE * 2, _QUOTE)
