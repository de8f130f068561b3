"""File names never leave the directory, never clash, and say again what they are."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.engine.dump_directory.file_name import FileNames, parse_file_name
from airflow_mydump.engine.dump_directory.storage import Storage
from airflow_mydump.engine.errors import DumpError
from airflow_mydump.engine.identifier import TableName

names = st.text(
    st.characters(min_codepoint=1, max_codepoint=0xFFFF, exclude_categories=["Cs"]), min_size=1, max_size=64
)
odd_names = names | st.sampled_from(
    ["../../x", "a\nb", "a/b", "a.b", "..", ".", "T", "t", "mydumper_1", "x-schema", " a"]
)


@given(st.lists(odd_names, min_size=1, max_size=30, unique=True), st.lists(odd_names, max_size=30, unique=True))
def test_names_are_safe_distinct_and_stable(schemas: list[str], tables: list[str]) -> None:
    wanted = [TableName(schemas[0], table) for table in tables]
    encoded = FileNames(schemas, wanted)
    bases = [encoded.base(table) for table in wanted]
    every = [*bases, *(encoded.schema(name) for name in schemas)]
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_\- ]*(\.[A-Za-z0-9_][A-Za-z0-9_\- ]*)?", name) for name in every)
    assert len({base.lower() for base in bases}) == len(bases)
    assert len({encoded.schema(name).lower() for name in schemas}) == len(schemas)
    assert bases == [FileNames(schemas, wanted).base(table) for table in wanted]


@given(odd_names, odd_names, st.integers(0, 10**12))
def test_what_was_encoded_is_parsed(schema: str, table: str, part: int) -> None:
    encoded = FileNames([schema], [TableName(schema, table)])
    base = encoded.base(TableName(schema, table))
    for name, kind in (
        (f"{base}.{part:05}.dat.zst", "dat"),
        (f"{base}.{part:05}.sql", "sql"),
        (f"{base}-schema.sql.zst", "table"),
        (f"{base}-schema-view.sql.gz", "view"),
        (f"{encoded.schema(schema)}-schema-create.sql", "create-schema"),
        (f"{encoded.schema(schema)}-schema-post.sql.zst", "post"),
        (f"{encoded.schema(schema)}-schema-triggers.sql", "triggers"),
    ):
        found = parse_file_name(name)
        assert found is not None
        assert (found.kind, found.schema) == (kind, encoded.schema(schema))
        if found.table:
            assert found.table == encoded.table(TableName(schema, table))
        if kind in ("dat", "sql"):
            assert found.part == part


@pytest.mark.parametrize(
    "name",
    ["metadata", "metadata.partial", "x", "a.b.c.sql", "a.b.1.2.3.sql", "a/b.t.0.sql", "a.b.00000.sql.lz4", ".sql"],
)
def test_other_names_are_no_files_of_a_dump(name: str) -> None:
    assert parse_file_name(name) is None


def test_parts_have_as_many_digits_as_they_need() -> None:
    found = parse_file_name("db.t.1234567890123.00007.sql")
    assert found is not None
    assert (found.part, found.sub) == (1234567890123, 7)


def test_tablespaces_are_refused() -> None:
    with pytest.raises(DumpError, match="tablespace"):
        parse_file_name("all-schema-create-tablespace.sql")


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "..", "a\nb", "a\\b", "\0"])
def test_storage_takes_no_paths(tmp_path: object, name: str) -> None:
    with pytest.raises(DumpError):
        Storage.at(str(tmp_path)).write(name, b"x")
