"""Frames hold every value unchanged, or there is no frame."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.engine.errors import FramingCollision
from airflow_mydump.engine.framing import frame as frame_module
from airflow_mydump.engine.framing.frame import FRAME_BYTES, LONG_ROW_BYTES, Delimiters, FrameStream, fetch_size, frame
from airflow_mydump.engine.framing.frame_digest import FrameDigest, is_frame_digest
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Column, Table

LEDGER_DIGEST_LETTERS = 64

FIXED = Delimiters(b"\x01\x04\x05\x06", b"\x02\x04\x05\x06", b"\x03\x04\x05\x06")

#: Bytes that delimiters are made of come often, so that near misses do.
VALUES = st.one_of(
    st.none(),
    st.binary(max_size=12),
    st.lists(st.sampled_from([b"\x01", b"\x02", b"\x03", b"\x04", b"\x05", b"\x06", b"x", b""]), max_size=8).map(
        b"".join
    ),
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, list[tuple[bytes | None, ...]]]:
    columns = draw(st.integers(1, 4))
    rows = draw(st.lists(st.tuples(*[VALUES] * columns), min_size=1, max_size=8))
    return columns, rows


def split(framed: bytes, delimiters: Delimiters) -> list[tuple[bytes | None, ...]]:
    """What a loader makes of a frame: the first delimiter from the left ends a value."""
    *lines, rest = framed.split(delimiters.line)
    assert rest == b""
    return [
        tuple(None if value == delimiters.null else value for value in line.split(delimiters.field)) for line in lines
    ]


@given(tables(), st.randoms(use_true_random=False))
def test_rows_come_back_as_they_were(table: tuple[int, list[tuple[bytes | None, ...]]], dice: random.Random) -> None:
    columns, rows = table
    for delimiters in (FIXED, Delimiters.draw(dice)):
        try:
            framed = frame(rows, columns, delimiters)
        except FramingCollision:
            data = [value or b"" for row in rows for value in row]
            assert any(
                delimiter in value
                for delimiter in (delimiters.field, delimiters.line, delimiters.null)
                for value in data
            )
        else:
            assert split(framed, delimiters) == rows


@pytest.mark.parametrize("delimiter", [FIXED.field, FIXED.line, FIXED.null], ids=["field", "line", "null"])
@pytest.mark.parametrize("around", [(b"", b""), (b"a", b"b"), (b"\x01", b"\x06"), (b"\x04\x05\x06", b"\x01\x04")])
@pytest.mark.parametrize("others", [(), (b"y",), (None,)])
def test_a_delimiter_in_a_value_is_noticed(
    delimiter: bytes, around: tuple[bytes, bytes], others: tuple[bytes | None, ...]
) -> None:
    value = around[0] + delimiter + around[1]
    rows = [(value, *others), (b"z", *others)]
    with pytest.raises(FramingCollision):
        frame(rows, 1 + len(others), FIXED)


@given(st.randoms(use_true_random=False), st.integers(0, 4), st.integers(0, 4), st.booleans())
def test_parts_of_delimiters_at_the_borders_of_values_harm_nothing(
    dice: random.Random, head: int, tail: int, null: bool
) -> None:
    """An occurrence cannot begin in the data and end in a delimiter, or the other way round."""
    delimiters = Delimiters.draw(dice)
    for delimiter in (delimiters.field, delimiters.line, delimiters.null):
        first, second = delimiter[:head], delimiter[tail:]
        if delimiter in (first, second):
            continue
        rows = [(second, first, None if null else first), (first, second, second)]
        assert split(frame(rows, 3, delimiters), delimiters) == rows


@given(st.randoms(use_true_random=False))
def test_drawn_delimiters_are_told_apart_from_each_other_and_from_text(dice: random.Random) -> None:
    drawn = Delimiters.draw(dice)
    delimiters = (drawn.field, drawn.line, drawn.null)
    leads = {delimiter[0] for delimiter in delimiters}
    assert len(leads) == 3
    for delimiter in delimiters:
        assert len(delimiter) >= 4
        assert not leads & set(delimiter[1:])
        assert all(0 < byte < 0x20 and byte not in b"\t\n\r\x1a" for byte in delimiter)


def test_two_draws_differ() -> None:
    dice = random.SystemRandom()
    assert len({Delimiters.draw(dice) for _ in range(50)}) > 45


def test_a_stream_counts_what_passed_and_keeps_the_order() -> None:
    batches = [[(b"%d" % (100 * batch + row), None) for row in range(100)] for batch in range(5)]
    stream = FrameStream(batches, 2, FIXED)
    framed = b"".join(stream)
    assert split(framed, FIXED) == [row for batch in batches for row in batch]
    assert (stream.rows, stream.bytes) == (500, len(framed))


def test_a_stream_yields_frames_and_not_everything_at_once() -> None:
    read = []

    def batches() -> object:
        for number in range(10):
            read.append(number)
            yield [(bytes(FRAME_BYTES // 2),)]

    frames = iter(FrameStream(batches(), 1, FIXED))  # type: ignore[arg-type]
    next(frames)
    assert read == [0, 1]


def test_a_stream_of_nothing_is_nothing() -> None:
    stream = FrameStream([], 3, FIXED)
    assert list(stream) == []
    assert (stream.rows, stream.bytes) == (0, 0)


def test_a_collision_ends_a_stream() -> None:
    with pytest.raises(FramingCollision):
        list(FrameStream([[(b"fine",)], [(FIXED.line,)]], 1, FIXED))


def test_wide_rows_are_fetched_a_few_at_a_time() -> None:
    assert fetch_size(1 << 32) == 1
    assert fetch_size(0) == fetch_size(10) == 1000
    assert fetch_size(FRAME_BYTES) == 4


def table_of(*types: str) -> Table:
    columns = tuple(Column(kind, kind, kind, True, False, False, 9, "", "") for kind in types)
    return Table(TableName("shop", "t"), "InnoDB", 0, 0, columns, (), "")


@pytest.mark.parametrize("kind", ["varbinary", "longblob", "bit", "point", "vector"])
def test_delimiters_are_longer_where_a_column_holds_any_bytes(kind: str) -> None:
    # Four given bytes occur once in 4 GB of random ones, six once in 281 TB.
    assert {len(part) for part in _parts(Delimiters.for_rows_of(table_of("int", kind)))} == {6}
    assert {len(part) for part in _parts(Delimiters.for_rows_of(table_of("int", "text")))} == {4}


@given(st.randoms(use_true_random=False), st.integers(1, 9))
def test_delimiters_are_read_back_from_their_text(dice: random.Random, length: int) -> None:
    delimiters = Delimiters.draw(dice, length)
    assert Delimiters.parse(str(delimiters)) == delimiters
    assert str(delimiters).isprintable()


@pytest.mark.parametrize("kind", ["text", "longblob"])
def test_a_digest_has_room_in_the_ledger(kind: str) -> None:
    digest = FrameDigest(Delimiters.for_rows_of(table_of(kind))).text
    assert is_frame_digest(digest)
    assert len(digest) <= LEDGER_DIGEST_LETTERS


def _parts(delimiters: Delimiters) -> tuple[bytes, bytes, bytes]:
    return delimiters.field, delimiters.line, delimiters.null


@given(st.lists(tables(), max_size=4), st.integers(0, 20), st.integers(1, 40))
def test_long_rows_are_framed_as_short_ones_are(
    batches: list[tuple[int, list[tuple[bytes | None, ...]]]], long_row: int, frame_bytes: int
) -> None:
    rows = [batch for columns, batch in batches if columns == 2]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frame_module, "LONG_ROW_BYTES", long_row)
        patch.setattr(frame_module, "FRAME_BYTES", frame_bytes)
        stream = FrameStream(rows, 2, FIXED)
        try:
            whole = b"".join(frame(batch, 2, FIXED) for batch in rows)
        except FramingCollision:
            with pytest.raises(FramingCollision):
                list(stream)
            return
        pieces = list(stream)
    assert b"".join(pieces) == whole
    assert all(pieces)
    assert (stream.rows, stream.bytes) == (sum(map(len, rows)), len(whole))


def test_a_long_value_is_not_copied() -> None:
    value = bytes(LONG_ROW_BYTES)
    pieces = list(FrameStream([[(b"1", b"x"), (b"2", value)]], 2, FIXED))
    assert any(piece is value for piece in pieces)
