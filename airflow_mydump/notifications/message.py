"""The message about a run: what became of it, why, and what is safe to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import quote

from airflow_mydump.operators.failure import Failure

_TOLD = 10
"""Failures and differences that are told one by one."""


@dataclass(frozen=True)
class RunMessage:
    """What is known of a run when it has ended, from the XComs that its tasks left.

    ``tenants`` are the databases of the reports of migrations and restores; of a run that failed, of those that are not
    complete. ``dumps`` are dumps' reports, ``fleet`` is what became of a fleet's tenants.
    """

    dag_id: str
    run_id: str
    succeeded: bool
    reason: str = ""
    tenants: Sequence[Mapping[str, Any]] = ()
    failures: Sequence[Failure] = ()
    differences: Sequence[str] = ()
    fleet: Sequence[Mapping[str, Any]] = field(default=())
    dumps: Sequence[Mapping[str, Any]] = ()
    base_url: str = ""

    @property
    def subject(self) -> str:
        """One line."""
        if self.succeeded:
            return f"{self.dag_id}: {self._done()}"
        broken = [outcome["tenant"] for outcome in self.fleet if outcome["state"] != "success"]
        if broken:
            return f"{self.dag_id}: {len(broken)} of {len(self.fleet)} tenants FAILED"
        return f"{self.dag_id}: FAILED" + (f" in {self.failures[0].phase}" if self.failures else "")

    @property
    def text(self) -> str:
        """All of it, as plain text."""
        return "\n".join(self._lines())

    @property
    def html(self) -> str:
        """All of it, for mails: the text as it is, with nothing in it that a mail program would take for markup."""
        return f"<pre>{escape(self.text)}</pre>"

    @property
    def link(self) -> str:
        """The run's page in Airflow; empty where Airflow does not know its own address."""
        if not self.base_url:
            return ""
        return f"{self.base_url}/dags/{quote(self.dag_id)}/runs/{quote(self.run_id)}"

    def _done(self) -> str:
        return ", ".join([*self._dumped(), *self._moved()])

    def _dumped(self) -> Iterator[str]:
        if self.dumps:
            tables, rows = (sum(dump[name] for dump in self.dumps) for name in ("tables", "rows"))
            yield f"{tables:,} tables, {rows:,} rows dumped"

    def _moved(self) -> Iterator[str]:
        moved = self.fleet or self.tenants
        if moved or not self.dumps:
            rows = sum(each["rows"] for each in moved)
            yield f"{len(moved)} database{'' if len(moved) == 1 else 's'}, {rows:,} rows moved"

    def _lines(self) -> Iterator[str]:
        yield self.subject
        yield f"Run {self.run_id}" + (f": {self.link}" if self.link else "")
        if self.succeeded:
            yield from (f"- {each['schema']}: {each['rows']:,} rows" for each in self.tenants)
            yield from (f"- {each['tenant']}: {each['rows']:,} rows" for each in self.fleet)
            yield from (f"In {dump['directory']}" for dump in self.dumps)
            return
        if names := ", ".join(str(each["schema"]) for each in self.tenants):
            yield f"Databases: {names}"
        for outcome in self.fleet:
            if outcome["state"] != "success":
                yield f"- {outcome['tenant']}: {outcome['error'] or outcome['state']}"
        for failure in self.failures[:_TOLD]:
            yield f"- {failure.sentence}"
            yield f"  {failure.advice}"
            yield f"  Log: {failure.link}"
        # What is missing follows from what failed.
        missing = [] if self.failures else self.differences
        yield from (f"- {difference}" for difference in missing[:_TOLD])
        if more := max(len(self.failures), len(missing)) - _TOLD:
            yield from [f"- and {more} more"] if more > 0 else []
        if not (self.failures or missing or self.fleet):
            yield f"Airflow says: {self.reason or 'nothing'}. The tasks' logs say more."
