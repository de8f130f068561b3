"""Columns, primary key and engine as a CREATE TABLE statement says them, where no server can be asked.

The text is SHOW CREATE TABLE's, so every name is quoted and every type has its canonical name.
"""

from __future__ import annotations

import re
from itertools import pairwise

from airflow_mydump.engine.ddl.create_table import parse_table
from airflow_mydump.engine.ddl.sql_lexer import Token, tokens_of
from airflow_mydump.engine.errors import DumpError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Column, Table

_DEFAULT_ENGINE = "InnoDB"
_ENGINE = re.compile(r"(?:^|[\s)])ENGINE\s*=\s*(\w+)", re.IGNORECASE)
_QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'", re.DOTALL)


def read_table(name: TableName, definition: str, data_bytes: int = 0) -> Table:
    """The table that a statement creates. Raises DumpError, PreflightError if it cannot be read."""
    parsed = parse_table(name, definition)
    columns: list[Column] = []
    primary_key: tuple[str, ...] = ()
    for element in parsed.elements:
        tokens = list(tokens_of(element))
        if tokens and tokens[0].kind == "name":
            columns.append(_column(name, element, tokens))
        elif [token.text for token in tokens[:2]] == ["PRIMARY", "KEY"]:
            primary_key = tuple(token.identifier for token in tokens if token.kind == "name")
    engine = _ENGINE.search(_QUOTED.sub("''", parsed.options))
    return Table(
        name=name,
        engine=engine[1] if engine else _DEFAULT_ENGINE,
        rows=0,
        data_bytes=data_bytes,
        columns=tuple(columns),
        primary_key=primary_key,
        definition=definition,
    )


def _column(table: TableName, element: str, tokens: list[Token]) -> Column:
    if len(tokens) < 2 or tokens[1].kind != "word":
        raise DumpError(f"the definition of table {table} has a column without a type")
    end = _end_of_type(tokens)
    words = _words_outside(tokens[end:])
    if "ROW" in words:
        raise DumpError(f"table {table} keeps its rows' history, which cannot be restored yet")
    return Column(
        name=tokens[0].identifier,
        data_type=tokens[1].text.lower(),
        column_type=element[tokens[1].start : tokens[end - 1].end],
        nullable=not _has(words, "NOT", "NULL"),
        generated="AS" in words,
        auto_increment="AUTO_INCREMENT" in words,
        octet_length=0,
    )


def _end_of_type(tokens: list[Token]) -> int:
    """Where the type ends: after its length or members, UNSIGNED and ZEROFILL."""
    end = 2
    if end < len(tokens) and tokens[end].text == "(":
        while tokens[end].text != ")":
            end += 1
        end += 1
    while end < len(tokens) and tokens[end].text in ("UNSIGNED", "ZEROFILL"):
        end += 1
    return end


def _words_outside(tokens: list[Token]) -> list[str]:
    """The words that are not within parentheses, such as those of a default's expression."""
    words, depth = [], 0
    for token in tokens:
        if token.kind == "symbol":
            depth += (token.text == "(") - (token.text == ")")
        elif token.kind == "word" and depth == 0:
            words.append(token.text)
    return words


def _has(words: list[str], first: str, second: str) -> bool:
    return (first, second) in pairwise(words)
