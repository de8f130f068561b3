"""What a run's params ask for is checked again where it is done, and never is more than the DAG was given."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_mydump.engine.errors import ConfigurationError, SelectionError
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.selection.open_selection import OpenSelection
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.operators.run_request import RunRequest

CONFIGURED = Selection(("a", "b"), rename={"b": "x"})
FLEET = OpenSelection(("tenant_*",), rename={"tenant_a": "x", "tenant_b": "y"}, no_data=("log",))


def test_nothing_asked_for_is_what_was_configured() -> None:
    request = RunRequest.of({"tenants": [], "dry_run": False})
    assert request.narrowed(CONFIGURED) == CONFIGURED
    assert request.settled(PlanSettings("drop")) == PlanSettings("drop")
    assert not request.dry_run


def test_what_is_asked_for_narrows_what_was_configured() -> None:
    request = RunRequest.of({"tenants": ["b"], "dry_run": True, "if_exists": "fail", "content": "schema"})
    assert request.narrowed(CONFIGURED) == Selection(("b",), rename={"b": "x"}, content="schema")
    assert request.settled(PlanSettings("drop")) == PlanSettings("fail")
    assert request.dry_run


@pytest.mark.parametrize(
    "params",
    [
        {"tenants": "a"},
        {"tenants": [1]},
        {"if_exists": "replace"},
        {"if_exists": "; DROP TABLE t"},
        {"content": "rows"},
    ],
)
def test_a_value_that_is_none_of_the_choices_is_refused(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=f"param {next(iter(params))}"):
        RunRequest.of(params)


@pytest.mark.parametrize("tenants", [["mysql"], ["a", "c"]])
def test_a_tenant_that_was_not_configured_is_refused(tenants: list[str]) -> None:
    with pytest.raises(SelectionError, match="configured"):
        RunRequest.of({"tenants": tenants}).narrowed(CONFIGURED)


def test_a_fleets_run_is_of_one_tenant() -> None:
    chosen = RunRequest.of({"tenant": "tenant_a"}).narrowed(FLEET)
    assert chosen == Selection(("tenant_a",), rename={"tenant_a": "x"}, no_data=("log",))


@pytest.mark.parametrize("tenant", ["", "mysql", "other", "Tenant_a", None])
def test_a_fleets_run_is_of_no_other_database(tenant: str | None) -> None:
    with pytest.raises(SelectionError, match="none of those"):
        RunRequest.of({"tenant": tenant}).narrowed(FLEET)


def test_a_servers_own_database_is_no_tenant_whatever_the_pattern() -> None:
    with pytest.raises(SelectionError, match="belongs to the server"):
        RunRequest.of({"tenant": "mysql"}).narrowed(OpenSelection(("*",)))


def test_globs_choose_among_the_databases_of_a_dump() -> None:
    there = ["tenant_a", "tenant_b", "shop"]
    assert OpenSelection(("tenant_*",)).of(there).schemas == ("tenant_a", "tenant_b")
    assert OpenSelection().of(there).schemas == tuple(there)
    with pytest.raises(SelectionError, match="elsewhere"):
        OpenSelection(("shop", "elsewhere")).of(there)
