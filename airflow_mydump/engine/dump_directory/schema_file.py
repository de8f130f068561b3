"""Schema files: one CREATE each, with the session settings it needs, in mydumper's form.

Written so that myloader restores them, which sends what ends with ``;`` at a line's end: within a body, a line that
ends so gets a blank. Read, from dumps of others, as data: settings are noted, the CREATE is taken out, and anything
else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from airflow_mydump.engine.ddl.definition_check import read_head
from airflow_mydump.engine.ddl.sql_lexer import Token, string_value, tokens_of
from airflow_mydump.engine.dump_directory.file_settings import FileSettings
from airflow_mydump.engine.dump_directory.metadata_file import HEADER_SQL_MODE
from airflow_mydump.engine.errors import DumpError
from airflow_mydump.engine.identifier import TableName, literal, quote
from airflow_mydump.engine.metadata.catalog import Schema, StoredObject, Table
from airflow_mydump.engine.metadata.sequence import parse_definition

HEADER = (
    "/*!40101 SET NAMES binary*/;\n"
    "/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n"
    f"/*!40101 SET SQL_MODE='{HEADER_SQL_MODE}'*/;\n"
    "/*!40103 SET TIME_ZONE='+00:00' */;\n"
)

_STATES = ("CHARACTER_SET_CLIENT", "CHARACTER_SET_RESULTS", "COLLATION_CONNECTION")
_SAVE = "".join(f"SET @PREV_{name}=@@{name};\n" for name in _STATES)
_RESTORE = "".join(f"SET {name.lower()} = @PREV_{name};\n" for name in _STATES)

_CREATE_SCHEMA = re.compile(
    r"CREATE DATABASE (?:/\*!32312 )?(?:IF NOT EXISTS)?(?: ?\*/)? ?`(?P<name>(?:[^`]|``)+)`"
    r"(?: /\*!40100 DEFAULT CHARACTER SET (?P<charset>\w+)(?: COLLATE (?P<collation>\w+))? ?\*/)?"
    r"(?: /\*!80016 DEFAULT ENCRYPTION='[NY]' ?\*/)?;?\s*",
    re.ASCII,
)
_CHARACTER_SET = re.compile(r"\sCHARACTER\s+SET\s", re.IGNORECASE)
_CREATE_TABLE = re.compile("CREATE TABLE `((?:[^`]|``)+)`")
_SETTING = re.compile(
    r"(?:/\*!\d{5} )?SET (?:SESSION |@@SESSION\.|@@)?(?P<name>@?\w+(?: binary| utf8mb4| utf8| latin1)?)"
    r"(?:\s*:?=\s*(?P<value>@?@?[\w.]+|'[^'\\;]*'))?\s*(?:\*/)?;?\s*",
    re.ASCII,
)
_HARMLESS = re.compile(
    r"(?:NAMES \w+|FOREIGN_KEY_CHECKS|UNIQUE_CHECKS|TIME_ZONE|SQL_MODE|CHARACTER_SET_CLIENT|CHARACTER_SET_RESULTS|"
    r"COLLATION_CONNECTION|@(?:PREV|SAVED|OLD)_\w+|CS_CLIENT)",
    re.IGNORECASE | re.ASCII,
)
_DROP = re.compile(r"DROP (?:TABLE|VIEW|SEQUENCE|FUNCTION|PROCEDURE|TRIGGER|EVENT) IF EXISTS `(?:[^`]|``)+`;?\s*")
_SETVAL = re.compile(r"(?:DO|SELECT) SETVAL\((?:`(?:[^`]|``)+`\.)?`(?P<name>(?:[^`]|``)+)`, ?(?P<next>-?\d+), ?0\);?")
# A blank after the semicolon marks the ends of lines within a body.
_STATEMENT = re.compile(r"(?P<text>.*?);(?:\n|\Z)", re.DOTALL)


def schema_content(schema: Schema) -> str:
    """The file that creates a database."""
    return (
        f"{HEADER}CREATE DATABASE /*!32312 IF NOT EXISTS*/ {quote(schema.name)} "
        f"/*!40100 DEFAULT CHARACTER SET {schema.charset} COLLATE {schema.collation} */;\n"
    )


def table_content(definition: str) -> str:
    """The file that creates a table."""
    return f"{HEADER}{definition};\n"


def view_placeholder(name: str, columns: Iterable[str]) -> str:
    """The file that creates a table in a view's place, until all that views read is there."""
    fields = ",\n".join(f"{quote(column)} int" for column in columns)
    return f"{HEADER}CREATE TABLE IF NOT EXISTS {quote(name)}(\n{fields}\n) ENGINE=MEMORY;\n"


def view_content(view: StoredObject) -> str:
    """The file that creates a view in its placeholder's place."""
    name = quote(view.name.name)
    drops = f"DROP TABLE IF EXISTS {name};\nDROP VIEW IF EXISTS {name};\n"
    return HEADER + drops + _with_state(view)


def sequence_content(sequence: StoredObject) -> str:
    """The file that creates a sequence, and says how far it is."""
    name = quote(sequence.name.name)
    value = f"DO SETVAL({name}, {sequence.state.next_value}, 0);\n" if sequence.state else ""
    return f"{HEADER}DROP SEQUENCE IF EXISTS {name};\n{sequence.definition};\n{value}"


def objects_content(objects: Iterable[StoredObject]) -> str:
    """The file that creates triggers, or routines and events."""
    return HEADER + "".join(_with_drop(stored) for stored in objects)


def _with_drop(stored: StoredObject) -> str:
    kind = stored.kind.upper()
    settings = [f"SET SQL_MODE = {literal(stored.sql_mode)};\n"]
    if stored.kind == "event":
        settings.append(f"SET TIME_ZONE = {literal(stored.time_zone)};\n")
    return f"{''.join(settings)}DROP {kind} IF EXISTS {quote(stored.name.name)};\n{_with_state(stored)}"


def _with_state(stored: StoredObject) -> str:
    return (
        f"{_SAVE}SET character_set_client = {stored.charset};\nSET character_set_results = {stored.charset};\n"
        f"SET collation_connection = {stored.collation};\n{_one_statement(stored.definition)};\n{_RESTORE}"
    )


def _one_statement(definition: str) -> str:
    return definition.replace(";\n", "; \n")


@dataclass
class _State:
    """The settings in force at a statement of a file."""

    values: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


def read_schema(file: str, content: bytes) -> Schema:
    """The database that a file creates; charset and collation are empty where it does not say.

    Raises DumpError naming the file.
    """
    for statement, _ in _creates(file, content):
        found = _CREATE_SCHEMA.fullmatch(statement)
        if found:
            name = found["name"].replace("``", "`")
            return Schema(name, found["charset"] or "", found["collation"] or "")
    raise DumpError(f"the file {file} has no CREATE DATABASE in a form that this version can read")


def read_statement(file: str, content: bytes) -> str:
    """The one CREATE statement in a file. Raises DumpError naming the file."""
    creates = list(_creates(file, content))
    if len(creates) != 1:
        raise DumpError(f"the file {file} has {len(creates)} CREATE statements, where one is due")
    return creates[0][0]


def created_table(definition: str) -> str:
    """The name of the table that a statement creates. Raises DumpError if it creates none."""
    found = _CREATE_TABLE.match(definition)
    if not found:
        raise DumpError("it has no CREATE TABLE statement")
    return found[1].replace("``", "`")


def load_statement_in(file: str, table: Table, content: bytes) -> str:
    """The one LOAD DATA statement in a file with rows of a table; it is not examined here. Raises DumpError naming the
    file."""
    found, settings = [], FileSettings(file, table)
    for statement in _statements(_text(file, content)):
        setting = _SETTING.fullmatch(statement)
        if setting and _HARMLESS.fullmatch(setting["name"]):
            settings.read(statement)
            continue
        settings.require_utc()
        if not _CHARACTER_SET.search(statement):
            settings.require_stored_bytes()
        found.append(statement)
    if len(found) != 1:
        raise DumpError(f"the file {file} has {len(found)} statements beside its settings, where one is due")
    return found[0]


def _text(file: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise DumpError(f"the file {file} holds bytes that are not UTF-8") from None


def read_objects(file: str, schema: str, content: bytes) -> list[StoredObject]:
    """The views, routines, triggers and events that a file creates in the database ``schema``, in its order.

    mydumper keeps no sql_mode or time zone of single objects: they get those in force in the file. Raises DumpError
    naming the file.
    """
    objects = []
    for statement, state in _creates(file, content):
        tokens = list(tokens_of(statement, state["SQL_MODE"]))
        kind, parts, body = read_head(tokens)
        name = _as_written(statement, parts[-1])
        objects.append(
            StoredObject(
                kind=kind,
                name=TableName(schema, name),
                definition=statement,
                sql_mode="" if kind == "view" else state["SQL_MODE"],
                charset=state["CHARACTER_SET_CLIENT"] or "utf8mb4",
                collation=state["COLLATION_CONNECTION"] or "utf8mb4_general_ci",
                table=_table_of_trigger(statement, body) if kind == "trigger" else "",
                time_zone=(state["TIME_ZONE"] or "SYSTEM") if kind == "event" else "",
            )
        )
    return objects


def read_sequence(file: str, schema: str, content: bytes) -> StoredObject:
    """The sequence that a file creates in the database ``schema``, as far as the file says it is.

    Raises DumpError naming the file.
    """
    found: StoredObject | None = None
    for statement in _statements(_text(file, content)):
        if statement.startswith("CREATE ") and found is None:
            found = _sequence(file, schema, statement.removesuffix(";"))
        elif (value := _SETVAL.fullmatch(statement)) and found and found.state:
            found = replace(found, state=replace(found.state, next_value=int(value["next"])))
        elif not (_SETTING.fullmatch(statement) or _DROP.fullmatch(statement)):
            raise DumpError(f"the file {file} has a statement that is not known: {_verb(statement)}")
    if found is None:
        raise DumpError(f"the file {file} creates no sequence")
    return found


def _sequence(file: str, schema: str, statement: str) -> StoredObject:
    try:
        name, state = parse_definition(statement)
    except DumpError as error:
        raise DumpError(f"the file {file}: {error}") from None
    return StoredObject(
        "sequence", TableName(schema, name), statement, "", "utf8mb4", "utf8mb4_general_ci", state=state
    )


def _table_of_trigger(statement: str, body: Sequence[Token]) -> str:
    for token, after in pairwise(body):
        if token.text == "ON":
            return after.identifier if after.kind == "name" else statement[after.start : after.end]
    raise DumpError("a trigger names no table")


def _as_written(statement: str, name: str) -> str:
    """An unquoted name in the case that it was written in."""
    found = re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", statement, re.IGNORECASE)
    return found[0] if found else name


def _creates(file: str, content: bytes) -> Iterator[tuple[str, _State]]:
    """Each CREATE statement with the settings before it; settings and drops are all that may stand beside."""
    state = _State()
    for statement in _statements(_text(file, content)):
        if statement.startswith("CREATE "):
            yield statement, _State(dict(state.values))
        elif found := _SETTING.fullmatch(statement):
            _note(file, state, found)
        elif not _DROP.fullmatch(statement):
            raise DumpError(f"the file {file} has a statement beside its CREATE that is not known: {_verb(statement)}")


def _note(file: str, state: _State, found: re.Match[str]) -> None:
    name, value = found["name"], found["value"] or ""
    if not _HARMLESS.fullmatch(name):
        raise DumpError(f"the file {file} sets {name}, which no dump needs to")
    state.values[name.upper()] = string_value(value) if value.startswith("'") else value


def _statements(text: str) -> Iterator[str]:
    """Statements end with a semicolon at a line's end, outside of quotes and comments."""
    begin = position = 0
    while found := _STATEMENT.match(text, position):
        candidate = text[begin : found.end("text")].strip()
        position = found.end()
        if _is_whole(candidate):
            begin = position
            if candidate:
                yield candidate
    if rest := text[begin:].strip():
        yield rest


def _is_whole(candidate: str) -> bool:
    """Whether every quote and comment that begins in the text ends in it."""
    try:
        for _ in tokens_of(candidate):
            pass
    except DumpError:
        return False
    return True


def _verb(statement: str) -> str:
    return " ".join(re.findall(r"\w+", statement)[:2]).upper() or "nothing that can be read"
