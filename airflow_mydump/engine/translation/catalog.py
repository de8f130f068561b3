"""A whole catalog of one vendor for a target of the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from airflow_mydump.engine.metadata.catalog import Catalog, Table
from airflow_mydump.engine.preflight.finding import Finding, require_no_blocker
from airflow_mydump.engine.server.flavor import Vendor
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.structure.table import read_table_structure
from airflow_mydump.engine.translation.choice import Findings, TranslationChoice
from airflow_mydump.engine.translation.collation import CollationMap, target_collations
from airflow_mydump.engine.translation.stored_object import ObjectTranslator
from airflow_mydump.engine.translation.table import TableTranslator

_VENDORS: dict[str, Vendor] = {"MariaDB": "mariadb", "MySQL": "mysql"}


@dataclass(frozen=True)
class Translation:
    """A catalog for a target, and what there is to say about it; it may be used only if no finding is a blocker."""

    catalog: Catalog
    findings: tuple[Finding, ...] = ()


def vendor_of(server: str) -> Vendor | None:
    """The vendor of a server as a catalog names it, such as ``MySQL 9.7.4``; None if nobody knows."""
    return _VENDORS.get(server.partition(" ")[0])


def is_foreign(server: str, vendor: Vendor) -> bool:
    """Whether a server, as a catalog names it, is known to be of another vendor."""
    return vendor_of(server) not in (None, vendor)


def translate_catalog(catalog: Catalog, target: Session, choice: TranslationChoice) -> Translation:
    """The catalog with definitions that the target understands; as it is if both are of one vendor.

    Raises ServerError.
    """
    vendor = target.flavor.vendor
    if not is_foreign(catalog.server, vendor):
        return Translation(catalog)
    findings = Findings()
    collations = CollationMap(vendor, target_collations(target), choice.collations, findings)
    tables = TableTranslator(vendor, collations, choice, findings)
    objects = ObjectTranslator(vendor, collations, findings)
    translated = replace(
        catalog,
        schemas=tuple(replace(schema, collation=collations.translate(schema.collation)) for schema in catalog.schemas),
        tables=tuple(tables.translate(table) for table in catalog.tables),
        objects=tuple(objects.translate(stored) for stored in catalog.objects),
    )
    if views := sum(stored.kind == "view" for stored in catalog.objects):
        findings.warn(
            f"the queries of {views} views",
            "are taken over and not compared: each vendor prints them in its own way",
        )
    if vendor == "mysql" and not findings.blockers:
        _refuse_repeated_checks(translated.tables, findings)
    return Translation(translated, tuple(dict.fromkeys((*findings.warnings, *findings.blockers))))


def require_translated(catalog: Catalog, target: Session, choice: TranslationChoice) -> Translation:
    """As `translate_catalog`. Raises PreflightError naming what stands in the way."""
    translation = translate_catalog(catalog, target, choice)
    require_no_blocker(translation.findings)
    return translation


def _refuse_repeated_checks(tables: Sequence[Table], findings: Findings) -> None:
    """MySQL keeps the names of CHECK constraints by database, without regard to case (error 3822)."""
    seen: Counter[tuple[str, str]] = Counter()
    for table in tables:
        for check in read_table_structure(table.name, table.definition).checks:
            name = (table.name.schema, check.name.lower())
            seen[name] += 1
            if seen[name] == 2:
                findings.refuse(
                    table.name,
                    f"has a CHECK constraint {check.name}, whose name another table of its database has too, which "
                    "MySQL does not allow",
                    "rename one",
                )
