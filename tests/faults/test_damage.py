"""A file of a dump that was damaged anywhere is named, nothing comes of it, and the whole file is loaded afterwards."""

from __future__ import annotations

import random
import re
import secrets
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.event import EventKind
from tests.faults.ordeal import Operations, Ordeal
from tests.faults.step_gate import StepGate
from tests.integration.pair import run_sql

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.faults.command import Command
    from tests.faults.scene import Scene
    from tests.faults.step_gate import Step

FILES = (
    "metadata", "*-schema-create.sql.zst", "*.t0-schema.sql.zst", "*.v-schema.sql.zst", "*-schema-view.sql.zst",
    "*-schema-triggers.sql.zst", "*-schema-post.sql.zst", "*.t0.00000.*.sql", "*.t0.00000.*.dat.zst",
    "*.t1.00000.*.dat.zst",
    "airflow_mydump/index.json.zst", "airflow_mydump/catalog.json.zst", "airflow_mydump/chunks.json.zst",
)  # fmt: skip


def files_of(scene: Scene) -> tuple[str, ...]:
    return FILES if scene.pair.is_mysql else (*FILES, "*-schema-sequence.sql.zst")


def flip(whole: bytes) -> bytes:
    place = random.randrange(len(whole))
    return whole[:place] + bytes([whole[place] ^ 1 << random.randrange(8)]) + whole[place + 1 :]


def truncate(whole: bytes) -> bytes:
    return whole[: random.randrange(len(whole))]


def lengthen(whole: bytes) -> bytes:
    return whole + random.randbytes(random.randint(1, 9))


@pytest.fixture
def dumped(scene: Scene, staged: Operations) -> Operations:
    if not scene.pair.is_mysql:
        run_sql(scene.server("source"), f"CREATE SEQUENCE {staged.database}.s")
    assert scene.start(*staged.arguments("dump", "one")).wait(60).status == 0
    return staged


def test_damage_at_random_places(scene: Scene, dumped: Operations) -> None:
    seed = random.randrange(10**6)
    random.seed(seed)
    for pattern in files_of(scene):
        (path,) = dumped.dump.glob(pattern)
        whole = path.read_bytes()
        for damage in (flip, flip, truncate, lengthen):
            content = damage(whole)
            path.write_bytes(content)
            assert_named(scene, dumped, [path.name], f"{damage.__name__} of {pattern}, seed {seed}")
        path.write_bytes(whole)
    load(scene, dumped)


@pytest.mark.parametrize(
    ("one", "other"),
    [("*.t0.00000.*.dat.zst", "*.t0.00001.*.dat.zst"), ("*.t0.00000.*.sql", "*.t0.00001.*.sql"),
     ("*.t0-schema.sql.zst", "*.t1-schema.sql.zst")],
)  # fmt: skip
def test_two_files_that_changed_places(scene: Scene, dumped: Operations, one: str, other: str) -> None:
    (first,), (second,) = dumped.dump.glob(one), dumped.dump.glob(other)
    contents = first.read_bytes(), second.read_bytes()
    first.write_bytes(contents[1])
    second.write_bytes(contents[0])
    assert_named(scene, dumped, [first.name, second.name], "two files")
    first.write_bytes(contents[0])
    second.write_bytes(contents[1])
    load(scene, dumped)


def test_a_file_that_is_missing_or_too_many(scene: Scene, dumped: Operations) -> None:
    for pattern in files_of(scene):
        (path,) = dumped.dump.glob(pattern)
        whole = path.read_bytes()
        path.unlink()
        assert_named(scene, dumped, [path.name], pattern)
        path.write_bytes(whole)
    (data,) = dumped.dump.glob("*.t0.00000.*.dat.zst")
    for name in (data.name.replace("00000", "00099"), data.name.replace("t0", "t9"), "anything"):
        extra = dumped.dump / name
        extra.write_bytes(data.read_bytes())
        assert_named(scene, dumped, [name], name)
        extra.unlink()
    load(scene, dumped)


def test_what_is_left_of_the_making_of_a_dump_may_be_damaged(scene: Scene, dumped: Operations) -> None:
    for path in (dumped.dump / "airflow_mydump").rglob("*"):
        if path.is_file() and f"airflow_mydump/{path.name}" not in FILES:
            path.write_bytes(random.choice((flip, truncate))(path.read_bytes()))
    load(scene, dumped)


@pytest.mark.endurance
def test_a_file_of_an_unfinished_run_that_is_damaged_is_named(
    scene: Scene, copy: Operations, staged: Operations
) -> None:
    for operation, step, unread in (
        ("dump", EventKind.FILE_WRITTEN, "cuts"),
        ("dump", EventKind.DUMP_FINISHING, "dump-|tables|cuts|chunks|index"),
        ("copy", EventKind.CHUNK_COMMITTED, "cuts|catalog"),
    ):
        operations = copy if operation == "copy" else staged
        folder = operations.folder / "work" if operation == "copy" else operations.dump / "airflow_mydump"
        begin(scene, operations, operation, step)
        for path in sorted(one_of_each_kind(folder), key=lambda path: not path.name.startswith("tables")):
            if re.search(unread, path.name):
                continue
            whole = path.read_bytes()
            damage = random.choice((flip_content, truncate))
            path.write_bytes(damage(whole))
            ended = scene.start(*operations.arguments(operation, "one")).wait(60)
            assert ended.status > 0, f"{damage.__name__} of {path.name}: {ended}"
            assert path.name in ended.err and ended.err.count("\n") == 1, f"{path.name}: {ended.err}"
            path.write_bytes(whole)
    Ordeal(scene, copy, []).run()
    run_sql(scene.server("target"), f"DROP DATABASE {copy.database}")
    Ordeal(scene, staged, []).run()


def begin(scene: Scene, operations: Operations, operation: str, step: EventKind) -> None:
    """Begin a run, and end all of its processes at the second step of a kind, or the first of one that comes once."""
    left = [1 if step is EventKind.DUMP_FINISHING else 2]

    def kill(found: Step) -> None:
        left[0] -= found.kind == step.value
        if not left[0]:
            for process in commands[0].processes:
                commands[0].kill(process)

    commands: list[Command] = []
    with StepGate(kill) as gate:
        commands.append(scene.start(*operations.arguments(operation, "one"), gate=gate.address))
        assert commands[0].wait(60).status < 0


def one_of_each_kind(folder: Path) -> Iterable[Path]:
    """Files whose names differ in more than numbers."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".partial")]
    return {
        re.sub(r"[0-9a-f]{5,}|[0-9]+", "", path.name): path for path in files if path.parent.name != "partial"
    }.values()


def flip_content(whole: bytes) -> bytes:
    """Some bits of a frame's head say nothing of its content; those behind it are its content."""
    place = random.randrange(len(whole) // 2, len(whole))
    return whole[:place] + bytes([whole[place] ^ 1 << random.randrange(8)]) + whole[place + 1 :]


def assert_named(scene: Scene, operations: Operations, names: list[str], what: str) -> None:
    """A load, which begins anew, fails and names one of the files."""
    ended = scene.start(*operations.arguments("load", f"anew-{secrets.token_hex(4)}")).wait(60)
    assert ended.status == 1, f"{what}: {ended}"
    assert any(name in ended.err for name in names) and ended.err.count("\n") == 1, f"{what}: {ended.err}"


def load(scene: Scene, operations: Operations) -> None:
    whole = Operations(operations.database, operations.folder, {"load": operations.options["load"]})
    Ordeal(scene, whole, []).run()
