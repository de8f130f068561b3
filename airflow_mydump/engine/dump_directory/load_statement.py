"""LOAD DATA statements in a dump: written for myloader, and read from dumps of others.

A statement that was found is never sent. Its clauses are read into a `LoadClause`, and a statement is composed anew
from that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from airflow_mydump.engine.ddl.sql_lexer import Token, string_value, tokens_of
from airflow_mydump.engine.errors import DumpError
from airflow_mydump.engine.identifier import TableName, hex_literal, quote
from airflow_mydump.engine.metadata.catalog import Table
from airflow_mydump.engine.metadata.datatype import load_expression

_WORD = re.compile("[a-z0-9_]{1,64}", re.IGNORECASE)


@dataclass(frozen=True)
class LoadClause:
    """How the rows in a file are laid out, as a LOAD DATA statement says it.

    ``targets`` are a column's name, or a variable's with its ``@``, for each field; ``assignments`` are expressions
    over variables, composed here from what was read.
    """

    file: str
    table: str
    charset: str
    field: bytes
    enclosed: bytes
    escaped: bytes
    starting: bytes
    line: bytes
    skipped_lines: int
    targets: tuple[str, ...]
    assignments: tuple[tuple[str, str], ...]

    def statement(self, target: TableName, table: Table) -> str:
        """The statement that loads such a file into ``target``. Raises DumpError if it names unknown columns."""
        targets, assignments = self._columns(table)
        charset = self.charset if self.charset else "binary"
        enclosed = f" ENCLOSED BY {hex_literal(self.enclosed)}" if self.enclosed else ""
        starting = f"STARTING BY {hex_literal(self.starting)} " if self.starting else ""
        skipped = f" IGNORE {self.skipped_lines} LINES" if self.skipped_lines else ""
        return (
            f"LOAD DATA LOCAL INFILE 'stream' INTO TABLE {target.sql} CHARACTER SET {charset} "
            f"FIELDS TERMINATED BY {hex_literal(self.field)}{enclosed} ESCAPED BY {hex_literal(self.escaped)} "
            f"LINES {starting}TERMINATED BY {hex_literal(self.line)}{skipped} "
            f"({', '.join(targets)})" + (f" SET {', '.join(assignments)}" if assignments else "")
        )

    def _columns(self, table: Table) -> tuple[list[str], list[str]]:
        columns = {column.name: column for column in table.columns}
        named = [name for name in self.targets if not name.startswith("@")] + [name for name, _ in self.assignments]
        if unknown := [name for name in named if name not in columns]:
            raise DumpError(f"the statement for {self.file} names column {unknown[0]}, which {table.name} has not")
        converted = {
            name: load_expression(columns[name], f"@c{number}", "NULL")
            for number, name in enumerate(self.targets)
            if name in columns and _needs_conversion(columns[name].data_type)
        }
        through_set = bool(self.assignments or converted)
        targets, assignments = [], [f"{quote(name)} = {text}" for name, text in self.assignments]
        for number, name in enumerate(self.targets):
            column = columns.get(name)
            # MariaDB (10.11) forgets NO_AUTO_VALUE_ON_ZERO for a counter that a SET clause does not name.
            if column is None or column.generated:
                targets.append(name if column is None else "@generated")
            elif name in converted or (through_set and column.auto_increment):
                targets.append(f"@c{number}")
                value = f"CONVERT(@c{number} USING utf8mb4)" if name in converted else f"@c{number}"
                assignments.append(f"{quote(name)} = {value}")
            else:
                targets.append(quote(name))
        return targets, assignments


def _needs_conversion(data_type: str) -> bool:
    return data_type in ("json", "uuid", "inet4", "inet6")


def parse_load_statement(statement: str) -> LoadClause:
    """Read a LOAD DATA LOCAL statement. Raises DumpError if it has another form."""
    return _Parser(list(tokens_of(statement, remarks=False))).parse()


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._position = 0

    def parse(self) -> LoadClause:
        self._expect("LOAD", "DATA", "LOCAL", "INFILE")
        file = string_value(self._take("string").text)
        self._accept("IGNORE") or self._accept("REPLACE")
        self._expect("INTO", "TABLE")
        table = self._take("name").identifier
        charset = self._charset()
        field, enclosed, escaped = self._fields()
        starting, line = self._lines()
        skipped = self._skipped_lines()
        targets = self._targets()
        assignments = self._assignments()
        self._accept(";")
        if self._position < len(self._tokens):
            raise DumpError(f"there is {self._tokens[self._position].text[:20]} after the LOAD DATA statement")
        return LoadClause(file, table, charset, field, enclosed, escaped, starting, line, skipped, targets, assignments)

    def _charset(self) -> str:
        if not self._accept("CHARACTER"):
            return ""
        self._expect("SET")
        name = self._take("word").text.lower()
        if not _WORD.fullmatch(name):
            raise DumpError(f"{name!r} is no name of a character set")
        return name

    def _fields(self) -> tuple[bytes, bytes, bytes]:
        values = {"TERMINATED": b"\t", "ENCLOSED": b"", "ESCAPED": b"\\"}
        if self._accept("FIELDS") or self._accept("COLUMNS"):
            self._clauses(values)
        return values["TERMINATED"], values["ENCLOSED"], values["ESCAPED"]

    def _lines(self) -> tuple[bytes, bytes]:
        values = {"STARTING": b"", "TERMINATED": b"\n"}
        if self._accept("LINES"):
            self._clauses(values)
        return values["STARTING"], values["TERMINATED"]

    def _clauses(self, values: dict[str, bytes]) -> None:
        while True:
            self._accept("OPTIONALLY")
            word = next((name for name in values if self._accept(name)), None)
            if word is None:
                return
            self._expect("BY")
            values[word] = self._bytes()

    def _skipped_lines(self) -> int:
        if not self._accept("IGNORE"):
            return 0
        count = int(self._take("number").text)
        if not (self._accept("LINES") or self._accept("ROWS")):
            raise DumpError("the LOAD DATA statement has an IGNORE that is not for lines")
        return count

    def _targets(self) -> tuple[str, ...]:
        self._expect("(")
        targets = [self._target()]
        while self._accept(","):
            targets.append(self._target())
        self._expect(")")
        return tuple(targets)

    def _target(self) -> str:
        return self._variable() if self._accept("@") else self._take("name").identifier

    def _variable(self) -> str:
        name = self._peek()
        if name.kind == "name" and _WORD.fullmatch(name.identifier):
            self._position += 1
            return f"@{name.identifier.lower()}"
        return f"@{self._take('word').text.lower()}"

    def _assignments(self) -> tuple[tuple[str, str], ...]:
        if not self._accept("SET"):
            return ()
        found = [self._assignment()]
        while self._accept(","):
            found.append(self._assignment())
        return tuple(found)

    def _assignment(self) -> tuple[str, str]:
        column = self._take("name").identifier
        self._expect("=")
        return column, self._expression()

    def _expression(self) -> str:
        """One of the few expressions that dumps are made with, composed anew."""
        if self._accept("@"):
            return self._variable()
        if self._accept("NULLIF"):
            self._expect("(")
            value = self._expression()
            self._expect(",")
            null = hex_literal(self._bytes())
            self._expect(")")
            return f"NULLIF({value}, {null})"
        for name in ("UNHEX", "FROM_BASE64"):
            if self._accept(name):
                self._expect("(")
                value = self._expression()
                self._expect(")")
                return f"{name}({value})"
        if self._accept("CAST"):
            self._expect("(")
            value = self._expression()
            self._expect("AS", "UNSIGNED", ")")
            return f"CAST({value} AS UNSIGNED)"
        if self._accept("CONVERT"):
            self._expect("(")
            value = self._expression()
            self._expect("USING")
            charset = self._take("word").text.lower()
            self._expect(")")
            return f"CONVERT({value} USING {charset})"
        raise DumpError(f"the LOAD DATA statement computes values with {self._peek().text[:20]}")

    def _bytes(self) -> bytes:
        token = self._peek()
        self._position += 1
        if token.kind == "string":
            return string_value(token.text).encode("utf-8", "surrogateescape")
        if token.kind == "number" and token.text[:2].lower() == "0x" and len(token.text) % 2 == 0:
            return bytes.fromhex(token.text[2:])
        raise DumpError(f"the LOAD DATA statement has {token.text[:20]} where bytes are due")

    def _peek(self) -> Token:
        if self._position >= len(self._tokens):
            raise DumpError("the LOAD DATA statement ends too early")
        return self._tokens[self._position]

    def _take(self, kind: str) -> Token:
        token = self._peek()
        if token.kind != kind:
            raise DumpError(f"the LOAD DATA statement has {token.text[:20]} where a {kind} is due")
        self._position += 1
        return token

    def _accept(self, text: str) -> bool:
        found = self._position < len(self._tokens) and self._tokens[self._position]
        if not found or found.kind not in ("word", "symbol") or found.text != text:
            return False
        self._position += 1
        return True

    def _expect(self, *texts: str) -> None:
        for text in texts:
            if not self._accept(text):
                raise DumpError(f"the LOAD DATA statement has {self._peek().text[:20]} where {text} is due")
