"""Bundles are even, the same for the same input, and do not make loaders fight over one table."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.catalog import Table
from airflow_mydump.engine.plan.bundle import PIECE_COST, pack, staggered
from airflow_mydump.engine.plan.bundle_draft import BundleDraft
from airflow_mydump.engine.plan.plan import DataBundle, PlannedTable
from airflow_mydump.engine.plan.planner import CutTable
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.workdir import WorkDirectory


@given(st.lists(st.integers(0, 10**9), max_size=300), st.integers(1, 40))
def test_each_piece_is_in_one_bundle(weights: list[int], count: int) -> None:
    bundles = pack(weights, count)
    assert sorted(piece for bundle in bundles for piece in bundle) == list(range(len(weights)))
    assert len(bundles) == min(count, len(weights))
    loads = [sum(weights[piece] + PIECE_COST for piece in bundle) for bundle in bundles]
    if loads:
        # Longest processing time first is never more than 4/3 - 1/3m of the best.
        best = max(sum(loads) / count, max(weights) + PIECE_COST)
        assert max(loads) <= best * 4 / 3 + PIECE_COST
    assert bundles == pack(weights, count)


def test_thousands_of_empty_tables_do_not_become_one_task() -> None:
    bundles = pack([10**9] * 3 + [0] * 6000, 32)
    assert max(map(len, bundles)) < 300


def test_bundles_begin_with_different_tables_and_keep_keys_in_order() -> None:
    table_of = [0] * 60 + [1] * 20 + [2] * 20
    first = []
    for turn in range(4):
        order = list(staggered(range(100), table_of, turn / 4))
        assert sorted(order) == list(range(100))
        for table in range(3):
            pieces = [piece for piece in order if table_of[piece] == table]
            assert pieces == sorted(pieces)
        first.append(table_of[order[0]])
    assert first == [0, 0, 0, 1]
    assert list(staggered([], [], 0.5)) == []


def _draft(draft: BundleDraft, shuffled: int = 0) -> None:
    random_ = random.Random(7)
    for number in range(50):
        name = TableName("d", f"t{number}")
        chunks = [Chunk(number, part, random_.randrange(10**8)) for part in range(random_.choice([1, 1, 30]))]
        table = Table(name, "InnoDB", 1, 1, (), (), "x" * shuffled)
        draft.add(PlannedTable(number, table, name, "create"), CutTable(tuple(chunks), ""))


def test_written_bundles_hold_every_chunk_with_its_table(tmp_path: object) -> None:
    work, identity = WorkDirectory.at(str(tmp_path)), PlanIdentity("r", "p")
    with BundleDraft() as draft, BundleDraft() as same:
        _draft(draft)
        _draft(same)
        assert draft.fingerprint(()) == same.fingerprint(())
        assert draft.fingerprint(()) != same.fingerprint(("more",))
        references = list(draft.write(work, "plan", identity, 8, 512))
        assert references == list(same.write(work, "plan", identity, 8, 512))
        seen = []
        for reference in references:
            bundle = work.read(reference.file, DataBundle)
            assert sum(chunk.weight for chunk in bundle.chunks) == reference.weight
            for chunk in bundle.chunks:
                assert bundle.table_of(chunk).number == chunk.table
                seen.append(chunk.id)
        assert len(seen) == len(set(seen)) == draft.chunks


def test_a_plan_of_nothing_has_one_empty_bundle(tmp_path: object) -> None:
    with BundleDraft() as draft:
        (only,) = draft.write(WorkDirectory.at(str(tmp_path)), "plan", PlanIdentity("r", "p"), 4, 512)
    assert (only.weight, only.label) == (0, "nothing")
