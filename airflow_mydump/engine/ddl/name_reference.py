"""Names of databases inside the bodies of views, routines, triggers and events.

The text is taken apart as a server does; what a name stands for is not known, only where it stands. So a name is
rewritten only where it can be nothing but a database's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from airflow_mydump.engine.ddl.definition_check import read_head
from airflow_mydump.engine.ddl.sql_lexer import Token, tokens_of
from airflow_mydump.engine.errors import DumpError, PreflightError
from airflow_mydump.engine.identifier import TableName, quote
from airflow_mydump.engine.metadata.catalog import StoredObject

_BEFORE_A_TABLE = frozenset({"FROM", "JOIN", "INTO", "UPDATE", "TABLE", "CALL"})
_PSEUDO_TABLES = frozenset({"new", "old"})


@dataclass(frozen=True)
class NameReferences:
    """The names in an object's text, in lower case. ``qualifiers`` are the tokens that stand before a dot and after
    none; ``others`` the names in the body that are no qualifier: tables, columns, aliases and variables."""

    text: str
    qualifiers: tuple[Token, ...]
    others: frozenset[str]
    strings: tuple[str, ...]
    tables: tuple[tuple[str, str], ...]
    functions: tuple[tuple[str, str], ...]

    def mentions(self, schema: str) -> bool:
        """Whether the text may name a database, in a string that may become a statement too."""
        named = any(self._name(token) == schema.lower() for token in self.qualifiers)
        return named or self._in_string(schema)

    def rewritten(self, names: Mapping[str, str]) -> str:
        """The text with other names for databases.

        Raises PreflightError where a name may be something else, or stands in a string.
        """
        new = {old.lower(): name for old, name in names.items() if old != name}
        for old in new:
            if not self.mentions(old):
                continue
            if self._in_string(old):
                raise PreflightError(f"names database {old} in a string, which cannot be rewritten")
            if old in self.others:
                raise PreflightError(f"uses {old} for something else than the database too, so it cannot be rewritten")
        parts, end = [], 0
        for token in self.qualifiers:
            if (name := new.get(self._name(token))) is not None:
                parts += [self.text[end : token.start], quote(name)]
                end = token.end
        return "".join([*parts, self.text[end:]])

    def taken(self) -> Iterator[TableName]:
        """What the text seems to take from databases by name: tables read or written, procedures called.

        Aliases and variables of its own are left out, so that most that is found is one; names that are composed at
        run time, and tables after a comma, are not found.
        """
        for database, name in self.tables:
            lower = database.lower()
            if lower not in self.others and lower not in _PSEUDO_TABLES:
                yield TableName(database, name)

    def called(self) -> Iterator[TableName]:
        """The functions that the text calls by the names of their databases."""
        return (TableName(*function) for function in self.functions)

    def _in_string(self, schema: str) -> bool:
        qualified = re.compile(rf"(?<![\w$.\"\u0080-\uffff])`?{re.escape(schema)}`?\s*\.", re.IGNORECASE)
        return any(qualified.search(string) for string in self.strings)

    def _name(self, token: Token) -> str:
        return _name(self.text, token).lower()


def read_references(stored: StoredObject) -> NameReferences:
    """The names in an object's text. Raises PreflightError if the text cannot be taken apart."""
    text = stored.definition
    try:
        tokens = list(tokens_of(text, stored.sql_mode))
        _, _, body = read_head(tokens)
    except DumpError as error:
        raise PreflightError(f"the text of {stored} cannot be read: {error}") from None
    first = body[0].start if body else len(text)
    qualifiers, others, tables, functions = [], set(), [], []
    for index, token in enumerate(tokens):
        if token.kind not in ("word", "name"):
            continue
        before = tokens[index - 1].text if index else ""
        if _is_dotted(tokens, index):
            if before != ".":
                qualifiers.append(token)
                after = tokens[index + 2 : index + 4]
                if after and before in _BEFORE_A_TABLE:
                    tables.append((_name(text, token), _name(text, after[0])))
                elif len(after) == 2 and after[1].text == "(":
                    functions.append((_name(text, token), _name(text, after[0])))
        elif token.start >= first and before != "@":
            others.add(_name(text, token).lower())
    strings = tuple(token.text for token in tokens if token.kind == "string")
    return NameReferences(text, tuple(qualifiers), frozenset(others), strings, tuple(tables), tuple(functions))


def _is_dotted(tokens: list[Token], index: int) -> bool:
    """Whether a dot follows; ``a.1st`` has it in what looks like a number."""
    after = tokens[index + 1 : index + 2]
    return bool(after) and (after[0].text == "." or (after[0].kind == "number" and after[0].text.startswith(".")))


def _name(text: str, token: Token) -> str:
    return token.identifier if token.kind == "name" else text[token.start : token.end]
