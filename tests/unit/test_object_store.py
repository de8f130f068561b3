"""A directory that tasks share may be named with an Airflow connection."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.workdir import WorkDirectory
from airflow_mydump.operators.object_store import directory_at


def test_a_url_with_a_connection_is_the_place_without_its_id(tmp_path: Path) -> None:
    directory_at(f"file://my_store@{tmp_path}/dumps").write_bytes("a", b"here")
    assert (tmp_path / "dumps/a").read_bytes() == b"here"


@pytest.mark.parametrize("url", ["/dumps/a@b", "memory://dumps/a@b"])
def test_a_url_without_a_connection_is_taken_as_it_is(url: str) -> None:
    assert directory_at(url) == WorkDirectory.at(url)


def test_a_store_that_nothing_serves_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"my_store@bucket/x' cannot be used.*provider that serves nosuch"):
        directory_at("nosuch://my_store@bucket/x")


@pytest.mark.parametrize(("url", "text"), [("/dumps/x", "/dumps/x"), ("memory://dumps/x", "memory:///dumps/x")])
def test_a_directory_is_told_as_it_was_named(url: str, text: str) -> None:
    assert str(WorkDirectory.at(url)) == text
