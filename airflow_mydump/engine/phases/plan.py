"""Chunk-plan: decides for every table what will be done, cuts it into chunks, and packs the chunks into bundles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from airflow_mydump.engine import ledger, preflight
from airflow_mydump.engine.consistency.moment import to_come
from airflow_mydump.engine.consistency.settings import Mode
from airflow_mydump.engine.metadata.catalog import Catalog, Schema
from airflow_mydump.engine.phases.definition_change import DEFINITIONS, definitions_of
from airflow_mydump.engine.phases.lent_default import own_defaults
from airflow_mydump.engine.phases.noted_tables import note_cut_tables
from airflow_mydump.engine.phases.objects_turn import objects_of
from airflow_mydump.engine.plan.bundle_draft import BundleDraft
from airflow_mydump.engine.plan.cut_report import TableCuts
from airflow_mydump.engine.plan.decision import Decisions, decide
from airflow_mydump.engine.plan.plan import Plan, PlannedTable, SchemaBundle, SchemaTotals, new_identity
from airflow_mydump.engine.plan.planner import (
    STRUCTURE_ONLY,
    CutTable,
    cut_tables,
)
from airflow_mydump.engine.plan.settings import PlanSettings
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.preflight.finding import require_no_blocker, warnings_of
from airflow_mydump.engine.selection.row_condition import check_conditions
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata, reading
from airflow_mydump.engine.server.turn import in_turn
from airflow_mydump.engine.translation.catalog import require_translated
from airflow_mydump.engine.workdir import WorkDirectory

_STRUCTURE_ALONE = "structure only: no rows were moved, and rows that kept tables have are the target's own"
_DATA_ALONE = "data only: the tables, keys and views are the target's own"

PLAN = "plan.json"
CUTS = "cuts.jsonl.zst"
OBJECTS = "objects.jsonl.zst"
SCHEMAS = "schemas.jsonl.zst"


def chunk_plan(
    source: Endpoint, target: Endpoint, catalog: Catalog, selection: Selection, settings: PlanSettings,
    run_key: str, directory: WorkDirectory, mode: Mode = "none",
    dry_run: bool = False,
) -> Plan:  # fmt: skip
    """Plan the run and leave the plan in a new directory below ``directory``; see `plan_path`.

    The target is read only; the ledger is made when everything was decided, but not for a dry run. ``mode`` is how the
    rows of different chunks will belong together. Raises PreflightError where something stands in the way on the
    target, ConnectError, ServerError.
    """
    source = source.on(catalog.identity)
    with Session(source, reading) as session, Session(target, metadata) as writing:
        check_conditions(session, (table.name for table in catalog.tables), selection)
        about_servers = preflight.about_both(session, writing, selection, settings.users)
        require_no_blocker(about_servers)
        origin = Origin(
            str(source),
            lambda tables: cut_tables(session, tables, settings.cutting),
            notes=warnings_of(about_servers),
            coming_accounts=preflight.coming_accounts(session, settings.users, selection),
            identity=catalog.identity,
            consistency=None if mode == "none" else to_come(mode),
        )
        plan = plan_run(origin, writing, catalog, selection, settings, run_key, directory, dry_run)
    where = directory.child(plan_path(plan.identity))
    if mode == "none":
        note_cut_tables(source, where, where.read_lines(CUTS, TableCuts))
    where.write(DEFINITIONS, definitions_of(catalog, selection))
    return plan


@dataclass(frozen=True)
class Origin:
    """Where the rows of a run come from, a server or a dump directory: its name, how it cuts tables into chunks, what
    there is to say about it, and which server it is."""

    name: str
    cut: Callable[[Sequence[PlannedTable]], Iterable[tuple[PlannedTable, CutTable]]]
    notes: tuple[str, ...] = ()
    consistency: str | None = None
    coming_accounts: frozenset[str] = frozenset()
    identity: str = ""


def plan_run(
    origin: Origin, writing: Session, catalog: Catalog, selection: Selection, settings: PlanSettings, run_key: str,
    directory: WorkDirectory, dry_run: bool = False,
) -> Plan:  # fmt: skip
    """As `chunk_plan`, for rows of any origin. ``writing`` is a metadata session on the target.

    Definitions of another vendor are translated for the target; what cannot be is named in the error.
    """
    translation = require_translated(catalog, writing, settings.translation)
    catalog = translation.catalog
    decided = settings.if_exists, settings.defer_keys, settings.adaptation, origin.coming_accounts, settings.ledger
    decisions = decide(writing, catalog, selection, *decided)
    require_no_blocker(decisions.findings)
    selection, moved = decisions.selection, decisions.moved
    with BundleDraft() as draft:
        cuts = [TableCuts.of(planned, STRUCTURE_ONLY) for planned in moved if planned.table.structure_only]
        for planned, cut in origin.cut([planned for planned in moved if not planned.table.structure_only]):
            draft.add(planned, cut)
            cuts.append(TableCuts.of(planned, cut))
        identity = new_identity(run_key, draft.fingerprint((*decisions.tables, *decisions.objects)), settings.ledger)
        path = plan_path(identity)
        where = directory.child(path)
        plan = Plan(
            identity=identity,
            source=origin.name,
            target=str(writing.endpoint),
            source_server=catalog.server,
            target_server=str(writing.flavor),
            selection=selection,
            if_exists=settings.if_exists,
            schemas=_totals(catalog, selection, decisions, cuts),
            parts=settings.concurrency,
            data_bundles=tuple(draft.write(directory, path, identity, settings.concurrency, settings.max_bundles)),
            objects=sum(not planned.skip for planned in decisions.objects),
            notes=(
                *_notes(catalog, selection),
                *origin.notes,
                *warnings_of((*translation.findings, *decisions.findings)),
            ),
            verify=settings.verify,
            users=settings.users,
            source_identity=origin.identity,
        )
        plan = replace(plan, consistency=origin.consistency) if origin.consistency else plan
        _write_schema_bundles(directory, identity, selection, moved, settings.concurrency)
        where.write_lines(OBJECTS, decisions.objects)
        where.write_lines(SCHEMAS, _schemas(writing, catalog, selection, settings.ledger))
        where.write_lines(CUTS, cuts)
        if not dry_run:
            ledger.prepare(writing, identity)
        where.write(PLAN, plan)
        return plan


def plan_path(identity: PlanIdentity) -> str:
    """Where a plan's files are, relative to the run's work directory."""
    return f"plans/{identity.plan}"


def cuts_file(identity: PlanIdentity) -> str:
    """The file that says how each table was cut (`cut_report.TableCuts`), relative to the run's work directory."""
    return f"{plan_path(identity)}/{CUTS}"


def _schemas(target: Session, catalog: Catalog, selection: Selection, ledger_name: str) -> Iterable[Schema]:
    """The databases with the defaults that they are to have: where data alone is moved, those that they have."""
    if selection.content != "data":
        return catalog.schemas
    with in_turn(target.endpoint, objects_of(selection)) as session:  # nobody gives them others just now
        found = own_defaults(session, ledger_name)
    own = [(schema, found.get(selection.target_schema(schema.name))) for schema in catalog.schemas]
    return [replace(its, name=schema.name) if its else schema for schema, its in own]


def _totals(
    catalog: Catalog, selection: Selection, decisions: Decisions, cuts: Iterable[TableCuts]
) -> tuple[SchemaTotals, ...]:
    tables = Counter(planned.table.name.schema for planned in decisions.tables)
    skipped = Counter(planned.table.name.schema for planned in decisions.tables if planned.action == "skip")
    objects = Counter(planned.object.name.schema for planned in decisions.objects if not planned.skip)
    chunks: Counter[str] = Counter()
    filled: Counter[str] = Counter()
    for cut in cuts:
        chunks[cut.table.schema] += cut.chunks
        filled[cut.table.schema] += cut.chunks > 0
    return tuple(
        SchemaTotals(
            target=selection.target_schema(schema.name),
            tables=tables[schema.name] - skipped[schema.name],
            filled=filled[schema.name],
            skipped=skipped[schema.name],
            chunks=chunks[schema.name],
            objects=objects[schema.name],
        )
        for schema in catalog.schemas
    )


def schema_file(identity: PlanIdentity, part: int) -> str:
    """The file of a schema bundle, relative to the run's work directory; parts count from 0 to the concurrency."""
    return f"{plan_path(identity)}/schema-{part:05}.json.zst"


def schema_files(directory: WorkDirectory, identity: PlanIdentity, part: int, parts: int) -> list[str]:
    """The files of the schema bundles ``part``, ``part + parts`` and so on: the share of one of ``parts`` tasks.

    All shares together are all of the plan's bundles, also if the plan was made for another number of tasks.
    """
    plan = directory.read(f"{plan_path(identity)}/{PLAN}", Plan)
    return [schema_file(identity, number) for number in range(part, plan.parts, parts)]


def _write_schema_bundles(
    directory: WorkDirectory, identity: PlanIdentity, selection: Selection, tables: Sequence[PlannedTable], parts: int
) -> None:
    """As many bundles as there are workers, some of them empty if there are few tables.

    CREATE TABLE gains nothing beyond a few sessions (four: 11 to 16 s for 6,111 tables, eight: no better).
    """
    for part in range(parts):
        bundle = SchemaBundle(identity, selection, tuple(tables[part::parts]))
        directory.write(schema_file(identity, part), bundle)


def _notes(catalog: Catalog, selection: Selection) -> tuple[str, ...]:
    content = {"all": (), "schema": (_STRUCTURE_ALONE,), "data": (_DATA_ALONE,)}[selection.content]
    return content + tuple(
        f"{table.name} is a {table.engine} table: a chunk of it cannot be rolled back, so it is loaded whole; "
        "no snapshot holds it, so unless it is locked its rows are those of the moment when it is read"
        for table in catalog.tables
        if not table.transactional
    )
