"""Decides which definitions from a dump may be executed: one CREATE of the kind and name that is expected, and in it
nothing that reaches beyond the database it is for.

A dump is data from elsewhere. The bodies of routines, triggers and events are programs, and no examination proves
what a program does; but what no tenant's object needs is refused by name, statements composed at run time among it,
because nothing could be said of those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from airflow_mydump.engine.ddl.sql_lexer import Token, tokens_of
from airflow_mydump.engine.errors import DumpError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Catalog, ObjectKind, Schema, StoredObject, Table
from airflow_mydump.engine.metadata.sequence import parse_definition

_FORBIDDEN: tuple[tuple[str, ...], ...] = (
    ("GRANT",), ("REVOKE",), ("OUTFILE",), ("DUMPFILE",), ("LOAD_FILE",), ("SHUTDOWN",), ("SONAME",),
    ("LOAD", "DATA"), ("LOAD", "XML"),
    ("INSTALL", "PLUGIN"), ("INSTALL", "COMPONENT"), ("INSTALL", "SONAME"),
    ("UNINSTALL", "PLUGIN"), ("UNINSTALL", "COMPONENT"), ("UNINSTALL", "SONAME"),
    ("SET", "GLOBAL"), (",", "GLOBAL"), ("SET", "PERSIST"), (",", "PERSIST"), ("SET", "PERSIST_ONLY"),
    (",", "PERSIST_ONLY"), ("SET", "@@", "GLOBAL"), (",", "@@", "GLOBAL"), ("SET", "@@", "PERSIST"),
    (",", "@@", "PERSIST"), ("SET", "@@", "PERSIST_ONLY"), (",", "@@", "PERSIST_ONLY"), ("SET", "PASSWORD"),
    ("CREATE", "USER"), ("ALTER", "USER"), ("DROP", "USER"), ("RENAME", "USER"), ("CREATE", "ROLE"), ("DROP", "ROLE"),
    ("CREATE", "SERVER"), ("ALTER", "SERVER"), ("CHANGE", "MASTER"), ("CHANGE", "REPLICATION"),
)  # fmt: skip

_DYNAMIC: tuple[tuple[str, ...], ...] = (("EXECUTE", "IMMEDIATE"),)

_FORBIDDEN_IN_TABLES: tuple[tuple[str, ...], ...] = (
    (";",), ("SELECT",), ("DIRECTORY",), ("CONNECTION",), ("UNION",), ("TABLESPACE",), ("VALUES", "ROW"),
)  # fmt: skip

Refused = Mapping[str, Sequence[tuple[str, ...]]]
"""Sequences of words, by their first: a tenant's definitions have millions of tokens, and hardly one begins any."""


def _by_first(sequences: Iterable[tuple[str, ...]]) -> Refused:
    found: dict[str, list[tuple[str, ...]]] = {}
    for sequence in sequences:
        found.setdefault(sequence[0], []).append(sequence)
    return found


_IN_TABLES = _by_first((*_FORBIDDEN, *_FORBIDDEN_IN_TABLES))
_IN_OBJECTS = _by_first((*_FORBIDDEN, *_DYNAMIC))
_IN_TRUSTED_OBJECTS = _by_first(_FORBIDDEN)

_ENGINES = frozenset({"INNODB", "MYISAM", "ARIA", "MEMORY", "HEAP", "ROCKSDB", "ARCHIVE", "BLACKHOLE", "CSV"})
"""Others reach for files or servers elsewhere: CONNECT, FEDERATED, SPIDER, S3."""

_WORD = re.compile("[A-Za-z0-9_]{1,64}")
_TIME_ZONE = re.compile(r"[A-Za-z0-9_+:/\-]{1,64}")
_SQL_MODE = re.compile("[A-Za-z0-9_,]*")

_KINDS: dict[str, ObjectKind] = {
    "VIEW": "view", "FUNCTION": "function", "PROCEDURE": "procedure", "TRIGGER": "trigger", "EVENT": "event",
}  # fmt: skip


def check_catalog(catalog: Catalog, dynamic_sql: bool = False) -> None:
    """Raise DumpError naming the first database, table or object that may not be created."""
    schemas = {schema.name for schema in catalog.schemas}
    for name in [*(table.name for table in catalog.tables), *(stored.name for stored in catalog.objects)]:
        if name.schema not in schemas:
            raise DumpError(f"{name} is in a database that the dump does not have")
    for schema in catalog.schemas:
        check_schema(schema)
    for table in catalog.tables:
        check_table(table)
    for stored in catalog.objects:
        check_object(stored, dynamic_sql)


def check_schema(schema: Schema) -> None:
    """Raise DumpError unless the database's defaults are names of a character set and a collation."""
    for value in (schema.charset, schema.collation):
        if value and not _WORD.fullmatch(value):
            raise DumpError(f"database {schema.name}: {value!r} is no name of a character set or collation")


def check_table(table: Table) -> None:
    """Raise DumpError unless the definition is one CREATE TABLE of that table, with data in this server alone."""
    try:
        tokens = list(tokens_of(table.definition, remarks=False))
        _refuse(tokens, _IN_TABLES)
        if [token.text for token in tokens[:2]] != ["CREATE", "TABLE"] or tokens[2].kind != "name":
            raise DumpError("the text is not a CREATE TABLE statement")
        _require_name(table.name, [tokens[2].identifier])
        _check_table_options(tokens)
    except (DumpError, IndexError) as error:
        raise DumpError(f"the definition of table {table.name} is refused: {error}") from None


def _check_table_options(tokens: Sequence[Token]) -> None:
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")") if token.kind == "symbol" else 0
        if depth == 0 and token.kind == "word" and token.text in ("TABLE", "AS", "LIKE") and index > 1:
            raise DumpError(f"it copies from elsewhere ({token.text})")
        if token.kind == "word" and token.text == "ENGINE":
            engine = next(later for later in tokens[index + 1 :] if later.text != "=")
            if engine.text.strip("'\"`").upper() not in _ENGINES:
                raise DumpError(f"engine {engine.text} is not one whose data is in the server alone")


def check_object(stored: StoredObject, dynamic_sql: bool = False) -> None:
    """Raise DumpError unless the definition is one CREATE of that object, without what no such object needs.

    ``dynamic_sql`` allows statements that are composed when the object runs: nothing can be said of what they do.
    """
    try:
        _check_state(stored)
        if stored.kind == "sequence":
            _require_name(stored.name, [parse_definition(stored.definition)[0]])
            return
        tokens = list(tokens_of(stored.definition, stored.sql_mode))
        kind, name, body = read_head(tokens)
        if kind != stored.kind:
            raise DumpError(f"the text creates a {kind}")
        _require_name(stored.name, name)
        _refuse(body, _IN_TRUSTED_OBJECTS if dynamic_sql else _IN_OBJECTS)
        if not dynamic_sql:
            _refuse_prepare(body)
        _require_one_statement(stored.kind, body)
    except DumpError as error:
        raise DumpError(f"the definition of {stored} is refused: {error}") from None


def _check_state(stored: StoredObject) -> None:
    for value, pattern in (
        (stored.charset, _WORD),
        (stored.collation, _WORD),
        (stored.database_collation or "x", _WORD),
        (stored.time_zone or "x", _TIME_ZONE),
        (stored.sql_mode, _SQL_MODE),
    ):
        if not pattern.fullmatch(value):
            raise DumpError(f"{value!r} is no name of a character set, collation, time zone or sql_mode")


def read_head(tokens: Sequence[Token]) -> tuple[ObjectKind, list[str], Sequence[Token]]:
    """The kind of object that a CREATE statement makes, its name's parts, and the tokens after the name.

    Raises DumpError if the statement is no CREATE of a view, routine, trigger or event.
    """
    if not tokens or tokens[0].text != "CREATE":
        raise DumpError("the text is not a CREATE statement")
    position = 1
    while position < len(tokens) and tokens[position].text not in _KINDS:
        position = _skip_clause(tokens, position)
    if position >= len(tokens):
        raise DumpError("the text creates no view, routine, trigger or event")
    kind = _KINDS[tokens[position].text]
    position += 1
    if [token.text for token in tokens[position : position + 3]] == ["IF", "NOT", "EXISTS"]:
        position += 3
    parts = [_identifier(tokens, position)]
    while position + 1 < len(tokens) and tokens[position + 1].text == ".":
        position += 2
        parts.append(_identifier(tokens, position))
    return kind, parts, tokens[position + 1 :]


def _skip_clause(tokens: Sequence[Token], position: int) -> int:
    """The position after one of the clauses that stand between CREATE and the kind."""
    word = tokens[position].text
    if word in ("OR", "SQL"):  # OR REPLACE, SQL SECURITY INVOKER
        return position + (2 if word == "OR" else 3)
    if word == "AGGREGATE":
        return position + 1
    if word == "ALGORITHM" or word == "JSON":  # JSON RELATIONAL DUALITY, MySQL 9.4
        return position + 3
    if word == "DEFINER":
        end = position + 3
        if end < len(tokens) and tokens[end].text == "@":
            return end + 2
        return end + 2 if [token.text for token in tokens[end : end + 2]] == ["(", ")"] else end
    raise DumpError(f"it has {word} where a CREATE of a view, routine, trigger or event has not")


def _identifier(tokens: Sequence[Token], position: int) -> str:
    if position < len(tokens) and tokens[position].kind == "name":
        return tokens[position].identifier
    if position < len(tokens) and tokens[position].kind == "word":
        return tokens[position].text
    raise DumpError("the text does not name what it creates")


def _require_name(expected: TableName, parts: Sequence[str]) -> None:
    # Unquoted names come in upper case from the lexer, and case matters to nobody for these.
    actual = [part.upper() for part in parts]
    if actual not in ([expected.name.upper()], [expected.schema.upper(), expected.name.upper()]):
        raise DumpError(f"the text creates {'.'.join(parts)}")


def _refuse(tokens: Sequence[Token], refused: Refused) -> None:
    # A function of the server's may be called by its quoted name.
    texts = [token.identifier.upper() if token.kind == "name" else token.text for token in tokens]
    for index, token in enumerate(tokens):
        sequences = refused.get(texts[index])
        if not sequences or token.kind == "string" or (token.kind == "name" and texts[index] != "LOAD_FILE"):
            continue
        for sequence in sequences:
            if tuple(texts[index : index + len(sequence)]) == sequence:
                raise DumpError(f"it has {' '.join(sequence)}, which no tenant's object needs")


def _refuse_prepare(body: Sequence[Token]) -> None:
    for token, _, after in zip(body, body[1:], body[2:], strict=False):
        if token.kind == "word" and token.text == "PREPARE" and after.text == "FROM":
            raise DumpError("it composes statements when it runs (PREPARE); allow dynamic SQL if you trust the dump")


def _require_one_statement(kind: ObjectKind, body: Sequence[Token]) -> None:
    """A server that is sent one statement at a time refuses a second one; this says so before anything moved."""
    if not any(token.kind == "symbol" and token.text == ";" for token in body):
        return
    last = [token.text for token in body if token.text != ";"][-3:]
    if kind == "view" or "END" not in last:
        raise DumpError("it has a second statement")
