"""The file metadata: read tolerantly, written so that any change to it is found."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.engine.dump_directory.metadata_file import TableEntry, read_metadata, write_metadata
from airflow_mydump.engine.errors import DumpError

BY_MYDUMPER = b"""# Started dump at: 2026-01-01 00:00:00
[config]
quote-character = BACKTICK
local-infile = 1
[myloader_session_variables]
SQL_MODE='NO_AUTO_VALUE_ON_ZERO' /*!40101
GLOBAL.general_log=1
[source]
# executed_gtid_set = "0-1-2"
# SOURCE_LOG_FILE = "binlog.000001"
[`shop`.`t`]
real_table_name=t
rows = 41
data_checksum = 3983478085
schema_checksum = 8b4f8ce0
[`shop`.`mydumper_0`]
real_table_name=a``b\xe1\x80\x800c
rows = 2
[`shop`.`v`]
real_table_name=v
rows = 0
is_view = 1
[`shop`]
schema_checksum = E7DF63B3
[config]
max-statement-size = 234783
num-sequences = 0
[`shop`.`t`]
rows = 7
# Finished dump at: 2026-01-01 00:00:01
"""


def test_what_mydumper_writes_is_read() -> None:
    found = read_metadata(BY_MYDUMPER)
    assert found.tables["shop", "t"] == TableEntry("shop", "t", "t", 41, data_checksum="3983478085")
    assert found.tables["shop", "mydumper_0"].real_name == "a`b\nc"
    assert found.tables["shop", "v"].is_view
    assert found.source["SOURCE_LOG_FILE"] == "binlog.000001"
    assert found.finished
    assert not found.index_sha256


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for text in (content, BY_MYDUMPER + content):
        with suppress(DumpError):
            read_metadata(text)


@given(
    st.text(st.characters(min_codepoint=1, max_codepoint=0xFFFF, exclude_categories=["Cs"]), min_size=1, max_size=64)
)
def test_real_names_come_back(name: str) -> None:
    if "\u10000" in name:  # mydumper's sign for a newline
        return
    content = write_metadata([TableEntry("a", "b", name, 3)], {}, "remark", "x", "y", "0" * 64)
    assert read_metadata(content).tables["a", "b"] == TableEntry("a", "b", name, 3)


@given(st.data())
def test_every_change_to_ours_is_found(data: st.DataObject) -> None:
    whole = write_metadata([TableEntry("a", "b", "ü", 3)], {"SOURCE_LOG_POS": "4"}, "remark", "x", "y", "ab" * 32)
    assert read_metadata(whole).index_sha256 == "ab" * 32
    position = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:position] + bytes([whole[position] ^ data.draw(st.integers(1, 255))]) + whole[position + 1 :]
    for content in (changed, whole[:position]):
        # What has lost both of its marks is found by the folder beside it.
        with suppress(DumpError):
            assert not read_metadata(content).index_sha256


def test_a_cut_before_the_last_sign_is_found() -> None:
    whole = write_metadata([], {}, "remark", "x", "y", "ab" * 32)
    with pytest.raises(DumpError, match="damaged"):
        read_metadata(whole[:-1])
