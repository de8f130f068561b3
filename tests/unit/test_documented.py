"""Every option that a user may give is in docs/configuration.md."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from airflow_mydump import cli, dag_factory

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
CONFIGS = [getattr(dag_factory, name) for name in dag_factory.__all__ if name.endswith("Config")]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.__name__)
def test_every_field_of_a_config_is_documented(config: Any) -> None:
    rows = PAGE[PAGE.index(f"\n| `{config.__name__}`") :]
    ends = [rows.find(end, 1) for end in ("\n\n", *(f"\n| `{other.__name__}`" for other in CONFIGS))]
    rows = rows[: min(end for end in ends if end > 0)]
    missing = [field.name for field in fields(config) if f"`{field.name}`" not in rows]
    assert missing == []


def test_every_flag_of_the_command_line_is_documented() -> None:
    flags = {
        flag for parser in _parsers(cli._parser()) for action in parser._actions for flag in action.option_strings
    } - {"-h", "--help"}
    assert flags
    assert sorted(flag for flag in flags if f"`{flag}" not in PAGE) == []


def _parsers(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    (verbs,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return list(verbs.choices.values())
