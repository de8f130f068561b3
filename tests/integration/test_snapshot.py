"""All rows of a run are of one moment of the source, whatever happens to writers, workers and servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.command_line import run_command
from tests.integration.writers import Writers, make_bank, require_one_moment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.pair import Pair


def test_a_copy_beside_writers_is_of_one_moment(pair: Pair, database: str, tmp_path: Path) -> None:
    make_bank(pair.source, database)
    with Writers(pair.source, database):
        copied = run_command(pair, "copy", "--schemas", database, "--threads", 3, "--chunk-bytes", "16K",
                             "--work-directory", tmp_path)  # fmt: skip
    assert copied.returncode == 0, copied.stderr
    assert "Consistency snapshot: all rows" in copied.stdout
    assert require_one_moment(pair.target, database) > 0
    assert require_one_moment(pair.source, database) > require_one_moment(pair.target, database)


def test_a_dump_beside_writers_is_of_one_moment(pair: Pair, database: str, tmp_path: Path) -> None:
    make_bank(pair.source, database)
    with Writers(pair.source, database):
        dumped = run_command(pair, "dump", "--schemas", database, "--threads", 3, "--chunk-bytes", "16K",
                             "--output", tmp_path / "dump")  # fmt: skip
    assert dumped.returncode == 0, dumped.stderr
    assert "Consistency snapshot: all rows" in dumped.stdout
    loaded = run_command(pair, "load", "--input", tmp_path / "dump", "--work-directory", tmp_path)
    assert loaded.returncode == 0, loaded.stderr
    assert "Consistency snapshot: all rows" in loaded.stdout
    assert require_one_moment(pair.source, database) > require_one_moment(pair.target, database) > 0
    assert "as they were at this position" in (tmp_path / "dump" / "metadata").read_text()
