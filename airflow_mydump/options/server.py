"""Options that say which servers a command works on, and how long they are waited for."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from typing import Literal

from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.retry import Patience
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.options.value import parse_positive, parse_seconds

URI_HELP = (
    "mysql://user[:password]@host:port/[?ssl_mode=…]; default: environment variable MYDUMP_{0}_URI; "
    "an absent password is taken from MYDUMP_{0}_PASSWORD"
)


def add_target(verb: argparse.ArgumentParser) -> None:
    """Add the target's address."""
    verb.add_argument("--target", metavar="URI", help=URI_HELP.format("TARGET"))


def add_patience(verb: argparse.ArgumentParser) -> None:
    """Add how often, and how long, a server that is away is waited for."""
    default = Patience()
    verb.add_argument(
        "--attempts",
        type=parse_positive,
        default=default.attempts,
        metavar="N",
        help="how often a step is tried when a server is away or refuses for a while (default %(default)s)",
    )
    for name, seconds, what in (
        ("first", default.first_pause_seconds, "pause after the first try; each is twice the one before"),
        ("longest", default.longest_pause_seconds, "what these pauses grow to"),
    ):
        verb.add_argument(
            f"--{name}-pause-seconds",
            type=parse_seconds,
            default=seconds,
            metavar="N",
            help=f"{what} (default %(default)s)",
        )


def endpoint_of(options: argparse.Namespace, side: Literal["source", "target"]) -> Endpoint:
    """The server on one side, from the option or the environment. Raises ConfigurationError if neither names it."""
    variable = f"MYDUMP_{side.upper()}"
    uri = getattr(options, side) or os.environ.get(f"{variable}_URI")
    if not uri:
        raise ConfigurationError(f"name the {side}: --{side} URI, or {variable}_URI")
    endpoint = Endpoint.from_uri(uri, os.environ.get(f"{variable}_PASSWORD"))
    return replace(endpoint, patience=patience_of(options)) if "attempts" in options else endpoint


def target_of(options: argparse.Namespace) -> Endpoint:
    """The target, and whether it writes what is done there to its binary log. Raises as `endpoint_of` does."""
    return replace(endpoint_of(options, "target"), binlog=not options.no_binlog)


def patience_of(options: argparse.Namespace) -> Patience:
    """How long servers are waited for."""
    return Patience(options.attempts, options.first_pause_seconds, options.longest_pause_seconds)
