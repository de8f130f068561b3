"""Writes the command line's reference into the documentation: what argparse knows, as Markdown.

A hook of MkDocs: the page says where with the line `<!-- the command line -->`.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from airflow_mydump.cli import _parser

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACE = "<!-- the command line -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by MkDocs for each page."""
    return markdown.replace(PLACE, "\n".join(reference())) if PLACE in markdown else markdown


def reference() -> Iterator[str]:
    """The lines of the reference: a section for each verb, with a table of its options."""
    for name, parser in verbs(_parser()).items():
        yield from (f"## {name}", "", f"{(parser.description or '').strip()}", "")
        yield from ("| option | default | |", "| --- | --- | --- |")
        for option in options(parser):
            # The formatter fills in %(default)s; there is no public way to have one help text.
            text = parser._get_formatter()._expand_help(option)
            yield f"| `{_usage(option)}` | {_default(option)} | {_cell(text)} |"
        yield ""


def verbs(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of all verbs, by name; each one's description says what it does."""
    (found,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    for choice in found._choices_actions:
        found.choices[choice.dest].description = choice.help
    return dict(found.choices)


def options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """The options of a verb, without --help."""
    return [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]


def _usage(option: argparse.Action) -> str:
    name = option.option_strings[-1]
    if option.nargs == 0:
        return name
    value = option.metavar or (
        "{" + ",".join(map(str, option.choices)) + "}" if option.choices else option.dest.upper()
    )
    return f"{name} {value}"


def _default(option: argparse.Action) -> str:
    if option.required:
        return "required"
    return "" if option.default in (None, False, [], argparse.SUPPRESS) else f"`{option.default}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")
