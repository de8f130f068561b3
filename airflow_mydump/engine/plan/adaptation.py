"""How definitions are adapted to the target, as far as the user chose to: definers, and names of databases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from airflow_mydump.engine.ddl.definer import Definers, definer_of, require_known, with_definer
from airflow_mydump.engine.ddl.name_reference import read_references
from airflow_mydump.engine.errors import ConfigurationError, PreflightError
from airflow_mydump.engine.metadata.catalog import Catalog, StoredObject
from airflow_mydump.engine.preflight.finding import Finding, blocker, listed, warning
from airflow_mydump.engine.preflight.foreign_key import ForeignKeys
from airflow_mydump.engine.selection.selection import Selection


@dataclass(frozen=True)
class Adaptation:
    """What may be changed in definitions.

    ``rewrite_names``: a database that gets another name gets it inside bodies too; False leaves the old name there,
    None refuses the run. ``foreign_keys`` says what to do with those to tables that are not selected.

    Raises ConfigurationError if a value cannot be right.
    """

    definers: Definers = "keep"
    rewrite_names: bool | None = None
    foreign_keys: ForeignKeys = "refuse"

    def __post_init__(self) -> None:
        require_known(self.definers)
        if self.foreign_keys not in get_args(ForeignKeys):
            raise ConfigurationError(
                f"foreign_keys is one of {', '.join(get_args(ForeignKeys))}, not {self.foreign_keys!r}"
            )


def adapt(catalog: Catalog, selection: Selection, adaptation: Adaptation) -> tuple[Catalog, tuple[Finding, ...]]:
    """The catalog as it is to be created on the target, and what is to be said about that."""
    objects, findings = [], []
    renamed = [old for old in selection.schemas if selection.target_schema(old) != old]
    for stored in catalog.objects:
        adapted = with_definer(stored, adaptation.definers)
        mentioned = [old for old in renamed if _may_name(stored, old) and read_references(stored).mentions(old)]
        if mentioned and adaptation.rewrite_names:
            try:
                text = read_references(adapted).rewritten({old: selection.target_schema(old) for old in mentioned})
            except PreflightError as error:
                findings.append(blocker(stored, str(error), "change the text on the source, or exclude it"))
            else:
                adapted = replace(adapted, definition=text)
        elif mentioned:
            findings.append(_unrewritten(stored, mentioned, selection, adaptation))
        objects.append(adapted)
    findings += _definers(catalog.objects, adaptation.definers)
    return replace(catalog, objects=tuple(objects)), tuple(findings)


def _may_name(stored: StoredObject, schema: str) -> bool:
    return stored.kind != "sequence" and schema.lower() in stored.definition.lower().replace("``", "`")


def _unrewritten(
    stored: StoredObject, mentioned: Sequence[str], selection: Selection, adaptation: Adaptation
) -> Finding:
    old = mentioned[0]
    what = f"names database {old}, which will be {selection.target_schema(old)} on the target"
    if adaptation.rewrite_names is None:
        return blocker(
            f"the text of {stored}",
            what,
            "let the name be rewritten (rewrite_names=True), leave it as it is (False), exclude the object, "
            "or keep the database's name",
        )
    return warning(f"the text of {stored}", what, "it was left as it is")


def _definers(objects: Sequence[StoredObject], definers: Definers) -> Iterator[Finding]:
    if definers == "strip":
        if stripped := [stored for stored in objects if definer_of(stored)]:
            yield warning(
                listed(stripped),
                "is created without its definer: what has SQL SECURITY DEFINER will run as the target account",
                "",
            )
    elif not isinstance(definers, str):
        present = {definer_of(stored) for stored in objects}
        for unused in sorted(set(definers) - present):
            yield warning(f"definer {unused}", "is to be replaced, but nothing selected has it", "check the name")
