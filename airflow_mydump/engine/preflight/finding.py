"""What preflight found: one thing that stands in the way of a run, or that its user should know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from airflow_mydump.engine.errors import PreflightError

Severity = Literal["blocker", "warning"]

_NAMED = 20
"""Findings that an error names; the command ``preflight`` shows them all."""

_THINGS = 5
"""Things that one finding names."""


@dataclass(frozen=True)
class Finding:
    """One thing: what is the matter with it, and what to do. A blocker stops a run before anything is changed."""

    severity: Severity
    thing: str
    what: str
    advice: str

    def __str__(self) -> str:
        said = f"{self.thing} {self.what}".rstrip()
        return f"{said}: {self.advice}" if self.advice else said


def blocker(thing: object, what: str, advice: str) -> Finding:
    """A finding that stops the run."""
    return Finding("blocker", str(thing), what, advice)


def warning(thing: object, what: str, advice: str) -> Finding:
    """A finding that the log and the report keep."""
    return Finding("warning", str(thing), what, advice)


def require_no_blocker(findings: Iterable[Finding]) -> None:
    """Raise PreflightError naming the blockers, if there are any."""
    blockers = [str(finding) for finding in findings if finding.severity == "blocker"]
    if blockers:
        more = f"; and {len(blockers) - _NAMED} more" if len(blockers) > _NAMED else ""
        raise PreflightError(f"nothing was changed. {'; '.join(blockers[:_NAMED])}{more}")


def warnings_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The warnings as sentences, for logs and reports."""
    return tuple(str(finding) for finding in findings if finding.severity == "warning")


def listed(things: Sequence[object]) -> str:
    """Some of the things by name, and the number of the others."""
    more = f" and {len(things) - _THINGS} more" if len(things) > _THINGS else ""
    return ", ".join(str(thing) for thing in islice(things, _THINGS)) + more
