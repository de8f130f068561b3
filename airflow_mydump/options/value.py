"""Values of options, from their text. Each raises ArgumentTypeError, which argparse reports with the option."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.size import parse_size


def parse_names(text: str) -> tuple[str, ...]:
    """Names with commas between them."""
    return tuple(name for name in text.split(",") if name)


def parse_rename(text: str) -> tuple[str, str]:
    """An old name and a new one."""
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        _reject(f"{text!r} does not have the form OLD=NEW")
    return old, new


def parse_definer(text: str) -> tuple[str, str]:
    """An account and another."""
    old, equals, new = text.partition("=")
    if not (equals and "@" in old and "@" in new):
        _reject(f"{text!r} does not have the form USER@HOST=USER@HOST")
    return old, new


def parse_condition(text: str) -> tuple[str, str]:
    """A table and its condition."""
    table, equals, condition = text.partition("=")
    if not (equals and "." in table and condition.strip()):
        _reject(f"{text!r} does not have the form DATABASE.TABLE=CONDITION")
    return table, condition


def parse_partitions(text: str) -> tuple[str, tuple[str, ...]]:
    """A table and its partitions."""
    table, _, partitions = text.partition("=")
    if not ("." in table and parse_names(partitions)):
        _reject(f"{text!r} does not have the form DATABASE.TABLE=PARTITION,PARTITION")
    return table, parse_names(partitions)


def parse_from_zero(text: str) -> int:
    """A number from 0."""
    return 0 if text == "0" else parse_positive(text)


def parse_bytes(text: str) -> int:
    """Bytes, with K, M or G."""
    try:
        return parse_size(text)
    except ConfigurationError as error:
        _reject(str(error))


def parse_seconds(text: str) -> float:
    """Seconds, with a fraction."""
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        _reject(f"{text!r} is not a number of seconds")
    return float(text)


def parse_positive(text: str) -> int:
    """A number from 1."""
    if not text.isdecimal() or int(text) < 1:
        _reject(f"{text!r} is not a number from 1")
    return int(text)


def _reject(reason: str) -> NoReturn:
    raise argparse.ArgumentTypeError(reason)
