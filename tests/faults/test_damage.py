"""A file of a dump that was damaged anywhere is named, nothing comes of it, and the whole file is loaded afterwards."""

from __future__ import annotations

import random
import secrets
from typing import TYPE_CHECKING

import pytest

from tests.faults.ordeal import Operations, Ordeal

if TYPE_CHECKING:
    from tests.faults.scene import Scene

FILES = (
    "metadata", "*-schema-create.sql.zst", "*.t0-schema.sql.zst", "*.v-schema.sql.zst", "*-schema-view.sql.zst",
    "*-schema-triggers.sql.zst", "*-schema-post.sql.zst", "*.t0.00000.*.sql", "*.t0.00000.*.dat.zst",
    "*.t1.00000.*.dat.zst",
    "airflow_mydump/index.json.zst", "airflow_mydump/catalog.json.zst", "airflow_mydump/chunks.json.zst",
)  # fmt: skip


def flip(whole: bytes) -> bytes:
    place = random.randrange(len(whole))
    return whole[:place] + bytes([whole[place] ^ 1 << random.randrange(8)]) + whole[place + 1 :]


def truncate(whole: bytes) -> bytes:
    return whole[: random.randrange(len(whole))]


def lengthen(whole: bytes) -> bytes:
    return whole + random.randbytes(random.randint(1, 9))


@pytest.fixture
def dumped(scene: Scene, staged: Operations) -> Operations:
    assert scene.start(*staged.arguments("dump", "one")).wait(60).status == 0
    return staged


def test_damage_at_random_places(scene: Scene, dumped: Operations) -> None:
    seed = random.randrange(10**6)
    random.seed(seed)
    for pattern in FILES:
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
    for pattern in FILES:
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


def assert_named(scene: Scene, operations: Operations, names: list[str], what: str) -> None:
    """A load, which begins anew, fails and names one of the files."""
    ended = scene.start(*operations.arguments("load", f"anew-{secrets.token_hex(4)}")).wait(60)
    assert ended.status == 1, f"{what}: {ended}"
    assert any(name in ended.err for name in names) and ended.err.count("\n") == 1, f"{what}: {ended.err}"


def load(scene: Scene, operations: Operations) -> None:
    whole = Operations(operations.database, operations.folder, {"load": operations.options["load"]})
    Ordeal(scene, whole, []).run()
