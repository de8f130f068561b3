"""A table of one vendor as the other vendor can have it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from airflow_mydump.engine.errors import DefinitionError, PreflightError
from airflow_mydump.engine.identifier import hex_literal, literal, quote
from airflow_mydump.engine.metadata.catalog import Column, Key, Table
from airflow_mydump.engine.server.flavor import Vendor
from airflow_mydump.engine.structure.column import ColumnStructure
from airflow_mydump.engine.structure.constraint import CheckStructure
from airflow_mydump.engine.structure.expression import Expression, read_expression, without_character_sets
from airflow_mydump.engine.structure.key import KeyStructure
from airflow_mydump.engine.structure.table import TableOption, TableStructure, read_table_structure
from airflow_mydump.engine.translation.choice import TYPES, Findings, TranslationChoice
from airflow_mydump.engine.translation.collation import CollationMap
from airflow_mydump.engine.translation.definition_writer import write_definition
from airflow_mydump.engine.translation.function_check import unknown_functions
from airflow_mydump.engine.translation.vocabulary import (
    COLUMN_ATTRIBUTES_DROPPED,
    ENGINES_SHARED,
    OPTIONS_DROPPED,
    OPTIONS_SHARED,
    TYPES_REFUSED,
)

_AUTOMATIC_CHECK = "CONSTRAINT_"
"""How MariaDB names the CHECK constraints that nobody named, in each table from 1."""

_LONGEST_NAME_IN_A_CHECK = 54
_PLAIN_OPTIONS = {"ENCRYPTION": "N", "ENCRYPTED": "NO"}
"""Options that say no more than the default does; dropped without a word."""


@dataclass(frozen=True)
class TableTranslator:
    """Translates tables for a target of one vendor; what it has to say is added to ``findings``."""

    target: Vendor
    collations: CollationMap
    choice: TranslationChoice
    findings: Findings

    def translate(self, table: Table) -> Table:
        """The table with a definition for the target; unchanged if something stands in the way.

        Its keys end before a column whose order is another on the target, so that chunks are the same rows on both.
        """
        try:
            source = read_table_structure(table.name, table.definition, table.columns)
        except (DefinitionError, PreflightError) as error:
            self.findings.refuse(table.name, f"cannot be translated: {error}", "exclude it")
            return table
        blockers = len(self.findings.blockers)
        translated = self._structure(source)
        if len(self.findings.blockers) > blockers:
            return table
        types = {column.name: column for column in translated.columns}
        columns = tuple(self._catalog_column(column, types[column.name]) for column in table.columns)
        return replace(
            table,
            columns=columns,
            definition=write_definition(translated, self.target),
            # Rows are not in the same partitions there, so none may be a chunk.
            partitions=() if _is_hashed_otherwise(translated) else table.partitions,
            keys=tuple(self._ordered_alike(key, source, translated) for key in table.keys),
        )

    def _structure(self, table: TableStructure) -> TableStructure:
        for text in table.other:
            self._refuse(table, f"has {text}")
        if any(option.name == "WITH SYSTEM VERSIONING" for option in table.options):
            self._refuse(table, "is system-versioned")
        if "SYSTEM_TIME" in table.partitioning:
            self._refuse(table, "is partitioned by SYSTEM_TIME")
        columns = [self._column(table, column) for column in table.columns]
        checks = [*table.checks, *self._checks_of_columns(table)]
        return replace(
            table,
            columns=tuple(columns),
            keys=tuple(self._key(table, key) for key in table.keys),
            checks=tuple(self._named(table, checks)),
            options=tuple(self._options(table)),
        )

    def _column(self, table: TableStructure, column: ColumnStructure) -> ColumnStructure:
        where = f"column {column.name}"
        for attribute in column.other:
            if not attribute.startswith(COLUMN_ATTRIBUTES_DROPPED):
                self._refuse(table, f"{where} has {attribute}")
            elif attribute != "WITHOUT SYSTEM VERSIONING":
                self.findings.warn(table.name, f"{where} loses {attribute}")
        if column.srid == "0":
            self.findings.warn(table.name, f"{where} may have other reference systems than SRID 0")
        elif column.srid:
            self._refuse(table, f"{where} is bound to SRID {column.srid}")
        if column.generated and not column.nullable and self.target == "mariadb":
            self._refuse(table, f"{where} is generated and NOT NULL")
        if column.auto_increment and column.data_type in ("float", "double") and self.target == "mysql":
            self._refuse(table, f"{where} counts up in a {column.data_type.upper()}")
        for expression in (column.default, column.on_update, column.generated, column.check):
            self._check_functions(table, where, expression)
        column = replace(
            column,
            default=self._written(column.default),
            generated=self._written(column.generated),
            check=self._written(column.check),
        )
        column = self._with_type(table, replace(column, other=(), srid=""))
        column = replace(column, collation=self.collations.translate(column.collation))
        return replace(self._with_default(table, column), check=None if self.target == "mysql" else column.check)

    def _written(self, expression: Expression | None) -> Expression | None:
        """The expression as the target reads it: MariaDB cannot read again a text with a character set and an escaped
        quote in a generated column (10.11: error 1064)."""
        if expression is None or self.target == "mysql":
            return expression
        return replace(expression, text=without_character_sets(expression.text))

    def _with_type(self, table: TableStructure, column: ColumnStructure) -> ColumnStructure:
        kind = column.data_type
        wanted = self.choice.types.get("json" if _is_json(column) else kind, "")
        if kind in TYPES_REFUSED:
            if not wanted:
                options = "/".join(sorted(TYPES.get(kind, ())))
                advice = f"choose what it becomes (types, {kind}={options}), or " if options else ""
                self.findings.refuse(
                    table.name,
                    f"column {column.name} has type {column.type}, which the target has not",
                    f"{advice}exclude the table",
                )
                return column
            self.findings.warn(table.name, f"column {column.name} of type {kind} becomes {wanted}")
            return replace(column, type=wanted, charset="ascii", collation="ascii_bin")
        if not _is_json(column):
            return column
        if self.target == "mysql" and wanted != "longtext":
            return replace(column, type="json", charset="", collation="")
        if self.target == "mysql":
            return column
        valid = read_expression(f"json_valid({quote(column.name)})")
        return replace(column, type="longtext", charset="utf8mb4", collation="utf8mb4_bin", check=valid)

    def _with_default(self, table: TableStructure, column: ColumnStructure) -> ColumnStructure:
        """MySQL prints the default of a binary column in hexadecimal, MariaDB as the text that it stands for."""
        default = column.default
        if self.target == "mariadb" and default and default.meaning.lower().startswith("0x"):
            try:
                text = bytes.fromhex(default.meaning[2:]).decode("ascii")
            except (ValueError, UnicodeDecodeError):
                self._refuse(table, f"column {column.name} has a default that is no text")
                return column
            return replace(column, default=Expression(literal(text), hex_literal(text.encode())))
        return column

    def _checks_of_columns(self, table: TableStructure) -> Iterator[CheckStructure]:
        """MySQL has CHECK constraints of tables only; JSON needs none there, unless it becomes a text."""
        if self.target != "mysql":
            return
        for column in table.columns:
            if column.check and not (_is_json(column) and self.choice.types.get("json") != "longtext"):
                yield CheckStructure("", column.check)

    def _named(self, table: TableStructure, checks: list[CheckStructure]) -> Iterator[CheckStructure]:
        number = 0
        for check in checks:
            self._check_functions(table, f"CHECK constraint {check.name}", check.expression)
            if not check.enforced:
                self._refuse(table, f"CHECK constraint {check.name} is not enforced")
            check = replace(check, expression=self._written(check.expression) or check.expression)
            if self.target == "mysql" and (not check.name or check.name.startswith(_AUTOMATIC_CHECK)):
                # On MySQL names are the database's, where MariaDB's own would meet again in the next table.
                number += 1
                check = replace(check, name=f"{table.name.name[:_LONGEST_NAME_IN_A_CHECK]}_chk_{number}")
            yield check

    def _key(self, table: TableStructure, key: KeyStructure) -> KeyStructure:
        if any(part.expression for part in key.parts):
            self._refuse(table, f"key {key.name} is over an expression")
        for option in key.other:
            self._refuse(table, f"key {key.name} has {option}")
        types = {column.name: column.data_type for column in table.columns}
        if self.target == "mysql" and any(
            types.get(part.column, "").endswith(("text", "blob"))
            and not part.prefix
            and key.kind in ("unique", "plain")
            for part in key.parts
        ):
            self._refuse(table, f"key {key.name} is over whole texts")
        memory = table.option("ENGINE").upper() == "MEMORY"
        return replace(key, algorithm=key.algorithm if memory else "")

    def _options(self, table: TableStructure) -> Iterator[TableOption]:
        engine = table.option("ENGINE")
        if engine.upper() not in ENGINES_SHARED:
            self._refuse(table, f"has the engine {engine}")
        for option in table.options:
            if option.name == "COLLATE":
                yield TableOption("COLLATE", self.collations.translate(option.value))
            elif option.name in OPTIONS_SHARED:
                yield option
            elif option.name in OPTIONS_DROPPED:
                self.findings.warn(table.name, f"loses the option {option.name}={option.value}")
            elif option.value.upper() != _PLAIN_OPTIONS.get(option.name) and option.name != "WITH SYSTEM VERSIONING":
                self._refuse(table, f"has the option {option.name}{f'={option.value}' if option.value else ''}")

    def _check_functions(self, table: TableStructure, where: str, expression: Expression | None) -> None:
        for name in unknown_functions(expression.text, self.target) if expression else ():
            self._refuse(table, f"{where} calls {name}()")

    def _catalog_column(self, column: Column, translated: ColumnStructure) -> Column:
        """The column as rows are read and loaded: by the source's type, into the target's."""
        if self.target == "mariadb" and column.data_type == "json":
            # MySQL's own print of the value is what arrives, and what is compared.
            return replace(column, data_type="longtext", collation=translated.collation)
        if translated.type == "json":
            return replace(column, data_type="json", collation="", by_meaning=True)
        return replace(column, collation=translated.collation)

    def _ordered_alike(self, key: Key, source: TableStructure, target: TableStructure) -> Key:
        theirs = {column.name: column for column in target.columns}
        columns = []
        ours = {column.name: column for column in source.columns}
        for name in key.columns:
            if ours[name].collation != theirs[name].collation or ours[name].type != theirs[name].type:
                break
            columns.append(name)
        return replace(key, columns=tuple(columns))

    def _refuse(self, table: TableStructure, what: str) -> None:
        other = {"mysql": "MySQL", "mariadb": "MariaDB"}[self.target]
        self.findings.refuse(table.name, f"{what}, which {other} has not", "change it, or exclude the table")


def _is_hashed_otherwise(table: TableStructure) -> bool:
    """Whether its partitions depend on how a vendor hashes a key."""
    words = table.partitioning.upper().split()[2:4]
    return "KEY" in words


def _is_json(column: ColumnStructure) -> bool:
    """Whether it is JSON: to MariaDB that is a text with a CHECK of its own."""
    if column.data_type == "json":
        return True
    valid = f"(json_valid `{column.name.lower()}`)"
    return column.data_type == "longtext" and column.check is not None and column.check.meaning == valid
