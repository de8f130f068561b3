"""Whether the target has the storage engines that tables need, and what they need of those."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress

from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.preflight.candidate import Candidate
from airflow_mydump.engine.preflight.finding import Finding, blocker, listed

_ENCRYPTED = re.compile(r"\bENCRYPTION='Y'|\bENCRYPTED`?=YES\b", re.IGNORECASE)
_TABLESPACE = re.compile(r"/\*!50100 TABLESPACE `((?:[^`]|``)+)`")


def findings(candidate: Candidate) -> Iterator[Finding]:
    """Blockers for engines, encryption and tablespaces that the target has not. Raises ServerError."""
    yield from _engines(candidate)
    yield from _compressed(candidate)
    yield from _encrypted(candidate)
    yield from _tablespaces(candidate)


def _engines(candidate: Candidate) -> Iterator[Finding]:
    rows = candidate.target.pairs("SELECT ENGINE, SUPPORT FROM information_schema.ENGINES")
    supported = {engine.lower() for engine, support in rows if support in ("YES", "DEFAULT")}
    disabled = candidate.variables.get("disabled_storage_engines", "")
    supported -= {engine.strip().lower() for engine in disabled.split(",")}
    used = defaultdict(list)
    for table in candidate.catalog.tables:
        used[table.engine].append(table.name)
    for engine, tables in used.items():
        if engine.lower() not in supported:
            yield blocker(
                f"storage engine {engine}",
                f"of {listed(tables)} is not there, or disabled, on the target",
                "enable it there, change the tables' engine on the source, or exclude them",
            )


def _compressed(candidate: Candidate) -> Iterator[Finding]:
    if candidate.variables.get("innodb_read_only_compressed", "OFF") == "OFF":
        return
    if tables := _with_option(candidate, re.compile(r"\bROW_FORMAT=COMPRESSED\b", re.IGNORECASE)):
        yield blocker(
            listed(tables),
            "is ROW_FORMAT=COMPRESSED, which the target may only read (innodb_read_only_compressed)",
            "SET GLOBAL innodb_read_only_compressed = OFF on the target",
        )


def _encrypted(candidate: Candidate) -> Iterator[Finding]:
    tables = _with_option(candidate, _ENCRYPTED)
    if tables and not _has_keys(candidate):
        yield blocker(
            listed(tables),
            "is encrypted, and the target has no keyring or encryption plugin",
            "set one up there, or remove the encryption on the source",
        )


def _has_keys(candidate: Candidate) -> bool:
    session = candidate.target
    if session.rows(
        "SELECT 1 FROM information_schema.PLUGINS WHERE PLUGIN_STATUS = 'ACTIVE' "
        "AND (PLUGIN_TYPE = 'ENCRYPTION' OR PLUGIN_NAME LIKE 'keyring%') LIMIT 1"
    ):
        return True
    if session.flavor.vendor == "mysql":
        # A keyring component is told of only here, and only to accounts that may read it: without that, the server
        # will say so itself.
        with suppress(ServerError):
            return bool(session.rows("SELECT 1 FROM performance_schema.keyring_component_status LIMIT 1"))
        return True
    return False


def _tablespaces(candidate: Candidate) -> Iterator[Finding]:
    named = defaultdict(list)
    for table, definition in candidate.definitions.items():
        for name in _TABLESPACE.findall(definition.options):
            if not name.startswith("innodb_"):
                named[name.replace("``", "`")].append(table)
    if not named:
        return
    with suppress(ServerError):  # Without PROCESS nobody is told of them; then the server will say so itself.
        rows = candidate.target.text_rows(f"SELECT NAME FROM information_schema.{candidate.target.flavor.tablespaces}")
        there = {name for (name,) in rows}
        for name, tables in named.items():
            if name not in there:
                yield blocker(
                    f"tablespace {name}", f"of {listed(tables)} is not on the target", "create it there first"
                )


def _with_option(candidate: Candidate, option: re.Pattern[str]) -> list[TableName]:
    return [table for table, definition in candidate.definitions.items() if option.search(definition.options)]
