"""MariaDB's sequences: what they give out next, and the statements that make one exactly as another is.

A sequence is a table of one row. Its definition does not say how far it is; an INSERT of all eight columns sets
that to the letter, rounds and all, where SETVAL and RESTART cannot go back (MariaDB 10.11).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace

from airflow_mydump.engine.errors import DumpError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Catalog, SequenceState, StoredObject
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata

_DEFINITION = re.compile(
    r"CREATE SEQUENCE `(?P<name>(?:[^`]|``)+)`(?P<options>(?: as (?:tiny|small|medium|big)?int(?: unsigned)?)?"
    r" start with (?P<start>-?\d+) minvalue (?P<minimum>-?\d+) maxvalue (?P<maximum>-?\d+)"
    r" increment by (?P<increment>-?\d+) (?:cache (?P<cache>\d+)|nocache) (?P<cycle>no)?cycle"
    r"(?: ENGINE=(?:InnoDB|Aria|MyISAM))?(?: COMMENT='(?:[^'\\]|\\.|'')*')?)",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_COLUMNS = (
    "next_not_cached_value, minimum_value, maximum_value, start_value, increment, cache_size, cycle_option, cycle_count"
)


def read_state(session: Session, name: TableName) -> SequenceState:
    """How far a sequence is. Values that its cache has taken count as given out. Raises ServerError."""
    return SequenceState(*map(int, session.text_rows(f"SELECT {_COLUMNS} FROM {name.sql}")[0]))


def parse_definition(definition: str) -> tuple[str, SequenceState]:
    """The name of the sequence that a statement creates, and its state when it is new.

    Raises DumpError unless the text is what SHOW CREATE SEQUENCE prints, and nothing else.
    """
    found = _parse(definition)
    start = int(found["start"])
    new = SequenceState(
        next_value=start,
        minimum=int(found["minimum"]),
        maximum=int(found["maximum"]),
        start=start,
        increment=int(found["increment"]),
        cache=int(found["cache"] or 0),
        cycles=0 if found["cycle"] else 1,
        rounds=0,
    )
    return found["name"].replace("``", "`"), new


def _parse(definition: str) -> re.Match[str]:
    if found := _DEFINITION.fullmatch(definition):
        return found
    raise DumpError("the text is not a CREATE SEQUENCE statement as servers print it")


def options_of(definition: str) -> str:
    """What a CREATE SEQUENCE statement says after the name. Raises DumpError."""
    return _parse(definition)["options"].strip()


def create_statement(stored: StoredObject, target: TableName) -> str:
    """The statement after which there is a sequence of this name, if need be a new one. Raises DumpError."""
    return f"CREATE SEQUENCE IF NOT EXISTS {target.sql} {options_of(stored.definition)}"


def state_statement(target: TableName, state: SequenceState) -> str:
    """The statement after which a sequence is exactly as far as another."""
    values = ", ".join(str(getattr(state, field.name)) for field in fields(state))
    return f"INSERT INTO {target.sql} VALUES ({values})"


def is_behind(actual: SequenceState, expected: SequenceState) -> bool:
    """Whether a sequence may give out what the other has given out already."""
    sign = 1 if expected.increment > 0 else -1
    return (actual.rounds, actual.next_value * sign) < (expected.rounds, expected.next_value * sign)


def with_states(catalog: Catalog, states: Mapping[TableName, SequenceState]) -> Catalog:
    """The catalog with sequences that are as far as given."""
    objects = (
        replace(stored, state=states[stored.name]) if stored.name in states and stored.kind == "sequence" else stored
        for stored in catalog.objects
    )
    return replace(catalog, objects=tuple(objects))


def read_states(source: Endpoint, catalog: Catalog) -> dict[TableName, SequenceState]:
    """How far the catalog's sequences are now. Raises ConnectError, ServerError."""
    names = [stored.name for stored in catalog.of_kind("sequence")]
    if not names:
        return {}
    with Session(source, metadata) as session:
        return {name: read_state(session, name) for name in names}
