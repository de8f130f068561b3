"""What the documentation shows works: Python is parsed and its DAGs are made, commands are taken by the real parser,
and the reference leaves nothing public out."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
import textwrap
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from documentation.cli_reference import options, reference, verbs

from airflow_mydump import cli, dag_factory, operators

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
OPERATORS = [getattr(operators, name) for name in operators.__all__]


def blocks(language: str) -> list[Any]:
    """The code blocks of a language in all pages, each named by its page and line."""
    listed = []
    for page in PAGES:
        text = page.read_text()
        for found in re.finditer(rf"^( *)```{language}\n(.*?)^\1```", text, re.DOTALL | re.MULTILINE):
            line = text.count("\n", 0, found.start()) + 1
            listed.append(pytest.param(textwrap.dedent(found[2]), id=f"{page.relative_to(ROOT)}:{line}"))
    return listed


def commands(block: str) -> list[str]:
    """The commands of this package in a console block, without their output."""
    lines = block.replace("\\\n", " ").splitlines()
    shown = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    found = (re.match(r"(?:[\w/.]*python -m airflow_mydump|airflow-mydump) ([^#|]*)", line) for line in shown)
    return [match[1] for match in found if match]


@pytest.mark.parametrize("block", blocks("python"))
def test_python_can_be_run(block: str, tmp_path: Path) -> None:
    ast.parse(block)
    if "airflow_mydump.dag_factory" not in block:
        return
    (tmp_path / "shown.py").write_text(block)
    bag = DagBag(str(tmp_path))
    assert bag.import_errors == {}
    assert bag.dags


@pytest.mark.parametrize("block", [block for block in blocks("console") if commands(block.values[0])])
def test_commands_are_taken(block: str) -> None:
    for command in commands(block):
        cli._parser().parse_args(shlex.split(command))


def test_there_are_commands_and_dags_to_look_at() -> None:
    assert sum(len(commands(block.values[0])) for block in blocks("console")) >= 5
    assert sum("airflow_mydump.dag_factory" in block.values[0] for block in blocks("python")) >= 2


@pytest.mark.parametrize(("page", "package"), [("dag-factory", dag_factory), ("operators", operators)])
def test_the_reference_has_every_public_class(page: str, package: Any) -> None:
    named = re.findall(r"^::: (\S+)$", (ROOT / "docs/reference" / f"{page}.md").read_text(), re.MULTILINE)
    classes = (getattr(package, name) for name in package.__all__)
    assert sorted({f"{each.__module__}.{each.__name__}" for each in classes if inspect.isclass(each)} - {*named}) == []


def test_the_reference_has_every_option_of_the_command_line() -> None:
    text = "\n".join(reference())
    for name, parser in verbs(cli._parser()).items():
        assert f"## {name}\n" in text
        for option in options(parser):
            assert f"| `{option.option_strings[-1]}" in text
            assert option.help, option


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.__name__)
def test_every_argument_of_an_operator_is_described(operator: Any) -> None:
    ours = [base for base in operator.__mro__ if base.__module__.startswith("airflow_mydump.")]
    described = {name for base in ours for name in re.findall(r":param (\w+):", base.__doc__ or "")}
    taken = {
        name
        for base in ours
        if "__init__" in vars(base)
        for name, parameter in inspect.signature(inspect.unwrap(vars(base)["__init__"])).parameters.items()
        if name != "self" and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }
    assert taken
    assert sorted(taken - described) == []
