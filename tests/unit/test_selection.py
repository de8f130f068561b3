"""A selection takes what it says, and refuses what cannot be right."""

from __future__ import annotations

import pytest

from airflow_mydump.engine.errors import SelectionError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.selection.selection import Selection


def taken(selection: Selection, *names: str) -> list[str]:
    tables = [TableName(*name.split(".", 1)) for name in names]
    return [str(table) for table in tables if selection.takes(table)]


NAMES = ("a.users", "a.user_log", "a.Users", "b.users", "b.x.y")


@pytest.mark.parametrize(
    "include, exclude, expected",
    [
        ((), (), NAMES),
        (("users",), (), ("a.users", "b.users")),
        (("a.*",), (), ("a.users", "a.user_log", "a.Users")),
        (("user*",), ("*_log",), ("a.users", "b.users")),
        ((), ("b.*",), ("a.users", "a.user_log", "a.Users")),
        (("a.users", "b.x.y"), (), ("a.users", "b.x.y")),
        (("user?",), (), ("a.users", "b.users")),
        (("[uU]sers",), ("b.users",), ("a.users", "a.Users")),
        (("*",), ("*",), ()),
        ((r"re:[ab]\.users",), (), ("a.users", "b.users")),
        ((r"re:.*",), ("re:.*_log",), ("a.users", "a.Users", "b.users", "b.x.y")),
        ((r"re:users",), (), ()),
    ],
)
def test_globs_choose_tables(include: tuple[str, ...], exclude: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert taken(Selection(("a", "b"), include, exclude), *NAMES) == list(expected)


def test_routines_and_events_come_with_whole_databases_only() -> None:
    for takes in (Selection.takes_routines, Selection.takes_events):
        assert takes.fget(Selection(("a",)))  # type: ignore[attr-defined]
        assert takes.fget(Selection(("a",), exclude=("x",)))  # type: ignore[attr-defined]
        assert not takes.fget(Selection(("a",), include=("x",)))  # type: ignore[attr-defined]


def test_a_rename_applies_to_its_database_only() -> None:
    selection = Selection(("a", "b"), rename={"a": "x"})
    assert selection.target(TableName("a", "t")) == TableName("x", "t")
    assert selection.target(TableName("b", "t")) == TableName("b", "t")
    assert selection.target_schema("elsewhere") == "elsewhere"


def test_two_databases_may_swap_names() -> None:
    Selection(("a", "b"), rename={"a": "b", "b": "a"})


@pytest.mark.parametrize(
    "schemas, rename, reason",
    [
        ((), {}, "at least one"),
        (("a", "a"), {}, "twice"),
        (("mysql",), {}, "belongs to the server"),
        (("a", "INFORMATION_SCHEMA"), {}, "belongs to the server"),
        (("sys",), {}, "belongs to the server"),
        (("performance_schema",), {}, "belongs to the server"),
        (("airflow_mydump",), {}, "belongs to the server"),
        (("a",), {"a": "mysql"}, "belongs to the server"),
        (("a",), {"a": "Airflow_Mydump"}, "belongs to the server"),
        (("a",), {"b": "c"}, "not selected"),
        (("a", "b"), {"a": "b"}, "would both become"),
        (("a", "b"), {"a": "c", "b": "c"}, "would both become"),
    ],
)
def test_what_cannot_be_right_is_refused(schemas: tuple[str, ...], rename: dict[str, str], reason: str) -> None:
    with pytest.raises(SelectionError, match=reason):
        Selection(schemas, rename=rename)


@pytest.mark.parametrize("field", ["include", "exclude", "no_data"])
@pytest.mark.parametrize("pattern", ["", "re:", "re:(", "re:*"])
def test_a_pattern_that_cannot_be_used_is_named_with_its_field(field: str, pattern: str) -> None:
    with pytest.raises(SelectionError, match=rf"^{field}\b"):
        Selection(("a",), **{field: (pattern,)})  # type: ignore[arg-type]


def test_a_choice_of_databases_takes_what_was_said_of_them_along() -> None:
    whole = Selection(
        ("a", "b"), rename={"a": "x", "b": "y"}, where={"a.t": "1", "b.t": "2"}, partitions={"b.t": ("p",)}
    )
    assert whole.only(["b"]) == Selection(("b",), rename={"b": "y"}, where={"b.t": "2"}, partitions={"b.t": ("p",)})
    with pytest.raises(SelectionError, match="mysql is not among"):
        whole.only(["mysql"])
    with pytest.raises(SelectionError, match="at least one"):
        whole.only([])
