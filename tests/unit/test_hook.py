"""Airflow's connections become endpoints, or are refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.hooks.mydump import MydumpHook


def connection(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> MydumpHook:
    given = {"conn_type": "mysql", "host": "db.example", "login": "ann", "password": "pw"} | fields
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps(given))
    return MydumpHook(mysql_conn_id="shop")


def test_a_connection_is_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = connection(monkeypatch, port=3307, extra={"ssl_mode": "required"}).get_endpoint()
    assert (endpoint.host, endpoint.port, endpoint.user, endpoint.password) == ("db.example", 3307, "ann", "pw")
    assert endpoint.ssl_mode == "REQUIRED"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"conn_type": "postgres"}, "connection shop has type 'postgres'"),
        ({"extra": {"ssl_mode": "preferred"}}, "connection shop: "),
        ({"extra": {"iam": True}}, "connection shop asks for an IAM token"),
    ],
)
def test_what_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        connection(monkeypatch, **fields).get_endpoint()
