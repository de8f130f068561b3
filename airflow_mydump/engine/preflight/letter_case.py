"""Names on a target that keeps them in lower case (``lower_case_table_names``)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from airflow_mydump.engine.preflight.candidate import Candidate
from airflow_mydump.engine.preflight.finding import Finding, blocker, listed, warning


def findings(candidate: Candidate) -> Iterator[Finding]:
    """Blockers for names that differ in case only, and a warning for those that will be in lower case there.

    Raises ServerError.
    """
    if candidate.variables["lower_case_table_names"] == "0":
        return
    schemas = [schema.name for schema in candidate.catalog.schemas]
    tables = [table.name for table in candidate.catalog.tables]
    names = [*schemas, *map(str, tables), *(str(view.name) for view in candidate.catalog.of_kind("view"))]
    folded = defaultdict(list)
    for name in names:
        folded[name.lower()].append(name)
    for twins in folded.values():
        if len(twins) > 1:
            yield blocker(
                " and ".join(twins),
                "differ in case only, and the target has lower_case_table_names=1",
                "rename or exclude one of them",
            )
    if changed := [name for name in names if name != name.lower()]:
        yield warning(listed(changed), "will be in lower case on the target, which has lower_case_table_names set", "")
