"""Reads directories that mydumper wrote: what they hold is taken from their files, as data.

mydumper 0.16 and later in both its forms (INSERT and LOAD DATA), and uncompressed, gzip and zstd.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.ddl.column_definition import read_table
from airflow_mydump.engine.dump_directory.chunk_source import ChunkSource, Expectation, FoundDump, FoundFile, RowsFile
from airflow_mydump.engine.dump_directory.compressed_file import read_small
from airflow_mydump.engine.dump_directory.file_name import DumpFile, FileKind, parse_file_name
from airflow_mydump.engine.dump_directory.metadata_file import Metadata, TableEntry
from airflow_mydump.engine.dump_directory.schema_file import (
    created_table,
    read_objects,
    read_schema,
    read_sequence,
    read_statement,
)
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import DumpError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Catalog, Schema, StoredObject, Table
from airflow_mydump.engine.metadata.datatype import require_supported

_CONSISTENCY = "as the dump has it, which another tool made"
_Names = tuple[str, str]


def read_foreign(storage: Storage, sizes: Mapping[str, int], metadata: Metadata) -> FoundDump:
    """What the directory holds. Raises DumpError naming the file or table, PreflightError for unknown types."""
    directory = _Directory(storage, sizes, metadata)
    tables = directory.tables()
    sources = {table.name: directory.sources(names, table) for names, table in tables.items()}
    directory.require_all_known()
    expectations = {table.name: directory.expectation(names, table) for names, table in tables.items()}
    catalog = Catalog(
        server="",
        schemas=tuple(directory.schemas.values()),
        tables=tuple(tables.values()),
        objects=tuple(directory.objects()),
    )
    return FoundDump(catalog, sources, _CONSISTENCY, expectations, tuple(directory.notes(catalog, expectations)))


def _keeps_no_checksum(table: Table) -> bool:
    """Whether CHECKSUM TABLE differs though a dump was restored as well as it can be."""
    return any(column.generated or column.data_type == "float" for column in table.columns)


class _Directory:
    """The files of a foreign dump by what they are, under the names that file names carry."""

    def __init__(self, storage: Storage, sizes: Mapping[str, int], metadata: Metadata) -> None:
        self._storage = storage
        self._sizes = sizes
        self._entries = metadata.tables
        self._finished = metadata.finished
        parsed = [(name, parse_file_name(name)) for name in sorted(sizes)]
        self._unknown = [name for name, file in parsed if file is None and name != "metadata"]
        self._files: dict[FileKind, list[DumpFile]] = defaultdict(list)
        for _, file in parsed:
            if file is not None:
                self._files[file.kind].append(file)
        self._data: dict[_Names, list[DumpFile]] = defaultdict(list)
        for file in sorted([*self._files["sql"], *self._files["dat"]]):
            self._data[file.schema, file.table].append(file)
        self._taken: set[_Names] = set()
        self.schemas = self._schemas()

    def tables(self) -> dict[_Names, Table]:
        views = {(file.schema, file.table) for file in self._files["view"]}
        views |= {names for names, entry in self._entries.items() if entry.is_view}
        found = {}
        for file in self._files["table"]:
            names = (file.schema, file.table)
            if names not in views:
                found[names] = self._table(file)
        for names, entry in self._entries.items():
            if names not in found and names not in views and not entry.is_sequence:
                raise DumpError(
                    f"the file with the definition of table {entry.real_name} ({'.'.join(names)}) is missing"
                )
        return found

    def sources(self, names: _Names, table: Table) -> tuple[ChunkSource, ...]:
        """A source for each of a table's data files; one for all if the table can only be loaded whole, or is empty."""
        self._taken.add(names)
        statements = {file.data_name: file for file in self._data[names] if file.kind == "sql"}
        data = {file.data_name: file for file in self._data[names] if file.kind == "dat"}
        if orphans := sorted(data.keys() - statements.keys()):
            raise DumpError(f"the file {orphans[0]}.sql with the statement for {data[orphans[0]].name} is missing")
        if not statements and (self._entry(names).rows or 0) > 0:
            raise DumpError(f"the files with the {self._entry(names).rows} rows of {table.name} are missing")
        files = [self._rows_file(file, data.get(name)) for name, file in statements.items()]
        if not table.transactional or not files:
            return (ChunkSource(Chunk(0, 0, table.data_bytes), files=tuple(files)),)
        return tuple(
            ChunkSource(Chunk(0, part, (file.data or file.statement).bytes), files=(file,))
            for part, file in enumerate(files)
        )

    def require_all_known(self) -> None:
        for names, files in self._data.items():
            if names not in self._taken:
                raise DumpError(f"the file {files[0].name} belongs to no table whose definition is there")

    def expectation(self, names: _Names, table: Table) -> Expectation:
        entry = self._entry(names)
        return Expectation(entry.rows, None if _keeps_no_checksum(table) else entry.data_checksum)

    def objects(self) -> list[StoredObject]:
        found = [
            read_sequence(file.name, self._schema(file).name, self._content(file)) for file in self._files["sequence"]
        ]
        for kind in ("post", "view", "triggers"):
            for file in self._files[kind]:
                found += read_objects(file.name, self._schema(file).name, self._content(file))
        return found

    def notes(self, catalog: Catalog, expectations: Mapping[TableName, Expectation]) -> Iterable[str]:
        counted = sum(found.rows is not None for found in expectations.values())
        summed = sum(found.checksum is not None for found in expectations.values())
        yield (
            f"another tool made the dump: verified are the row counts of {counted} of {len(expectations)} tables and "
            f"CHECKSUM TABLE of {summed}, as its metadata has them, and that every file was loaded to its end"
        )
        if lossy := [str(table.name) for table in catalog.tables if _keeps_no_checksum(table)]:
            yield (
                "CHECKSUM TABLE was not compared for tables with FLOAT columns, of which mydumper writes six digits, "
                f"nor with generated ones, with which it changes by itself: {', '.join(lossy)}"
            )
        if not self._finished:
            yield "the file metadata does not say that the dump was finished"
        if self._unknown:
            yield f"left out {len(self._unknown)} files that no dump has, such as {self._unknown[0]}"
        if any(stored.kind in ("function", "procedure", "trigger", "event") for stored in catalog.objects):
            yield "routines, triggers and events get the sql_mode and time zone of their file: mydumper keeps no other"

    def _table(self, file: DumpFile) -> Table:
        definition = read_statement(file.name, self._content(file))
        try:
            name = TableName(self._schema(file).name, created_table(definition))
            size = sum(self._sizes[data.name] for data in self._data[file.schema, file.table])
            table = read_table(name, definition, size)
        except DumpError as error:
            raise DumpError(f"the file {file.name}: {error}") from None
        entry = self._entry((file.schema, file.table))
        if (file.schema, file.table) in self._entries and entry.real_name != name.name:
            raise DumpError(f"the file {file.name} creates {name.name}, and metadata says {entry.real_name}")
        require_supported(table)
        return table

    def _rows_file(self, statement: DumpFile, data: DumpFile | None) -> RowsFile:
        return RowsFile(self._found(statement), self._found(data) if data else None)

    def _found(self, file: DumpFile) -> FoundFile:
        return FoundFile(file.name, self._sizes[file.name], file.compression)

    def _schemas(self) -> dict[str, Schema]:
        found = {file.schema: read_schema(file.name, self._content(file)) for file in self._files["create-schema"]}
        for file in [*self._files["table"], *self._files["view"]]:
            if file.schema not in found:
                if file.schema.startswith("mydumper_"):
                    raise DumpError(
                        f"the file {file.schema}-schema-create.sql is missing, which has the database's name"
                    )
                found[file.schema] = Schema(file.schema, "", "")
        if not found:
            raise DumpError(f"{self._storage} holds no definition of a table or database")
        return found

    def _schema(self, file: DumpFile) -> Schema:
        if file.schema not in self.schemas:
            raise DumpError(f"the file {file.name} is of a database whose definition is missing")
        return self.schemas[file.schema]

    def _entry(self, names: _Names) -> TableEntry:
        return self._entries.get(names) or TableEntry(*names, real_name=names[1])

    def _content(self, file: DumpFile) -> bytes:
        return read_small(self._storage, file.name, file.compression)
