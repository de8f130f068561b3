"""What the demo tells at the end: a line per tenant, and whether all of it arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sandbox.tenants import Tenant


def report_table(report: Mapping[str, Any]) -> Table:
    """Return the run's report as a table."""
    table = Table()
    for title in ("tenant", "tables", "rows", "MB", "seconds", "rows/s", "verified"):
        table.add_column(title, justify="left" if title == "tenant" else "right")
    for tenant in report["tenants"]:
        seconds = tenant["seconds"]
        table.add_row(
            tenant["schema"],
            f"{tenant['tables']:,}",
            f"{tenant['rows']:,}",
            f"{tenant['bytes'] / 1e6:,.1f}",
            f"{seconds:,.1f}",
            f"{tenant['rows'] / seconds:,.0f}" if seconds else "",
            "yes" if tenant["verified"] else "NO",
        )
    return table


def shortfalls(report: Mapping[str, Any], filled: Sequence[Tenant]) -> Iterator[str]:
    """Say what did not arrive: by the report itself, and by what the source was filled with."""
    yield from report["differences"]
    reported = {tenant["schema"]: tenant for tenant in report["tenants"]}
    for tenant in filled:
        found = reported.get(tenant.name)
        if found is None:
            yield f"{tenant.name} is not in the report"
        elif not found["verified"]:
            yield f"{tenant.name} is not verified"
        elif (found["tables"], found["rows"]) != (tenant.tables, tenant.rows):
            yield (
                f"{tenant.name} has {found['tables']:,} tables and {found['rows']:,} rows, "
                f"its source {tenant.tables:,} and {tenant.rows:,}"
            )
