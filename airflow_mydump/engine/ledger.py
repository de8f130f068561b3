"""The ledger: a table on the target in which every finished step of a run has a row.

A chunk's row is written in the transaction that loads the chunk, so the row is there exactly when the data is,
also for tables without any key. It is written before the data: a second worker with the same chunk then waits
for the first one's commit and finds the chunk done, or for its rollback and goes on.

A later run that takes a table over deletes what earlier runs recorded about it, and marks those that are not complete
as lost. From then on an earlier run finds its rows gone and fails, so two runs over the same table cannot both succeed.

Of a complete run its own row stays, with a summary; the others may be cleared away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal, Protocol, cast

import msgspec

from airflow_mydump.engine.chunking.chunk import Chunk
from airflow_mydump.engine.consistency.moment import Moment
from airflow_mydump.engine.errors import IncompleteRunError, ServerError
from airflow_mydump.engine.event import Event, notice
from airflow_mydump.engine.identifier import TableName, literal, quote
from airflow_mydump.engine.known_type import known
from airflow_mydump.engine.metadata.catalog import Schema
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.server.flavor import Flavor
from airflow_mydump.engine.server.server_name import identity_expression, name_expression, server_identity
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.verification.checksum import Checksum

Step = Literal["run", "moment", "mark", "create", "load", "keys", "removed", "default", "object", "account"]
Found = Literal["nothing", "started", "done"]
"""What an earlier try left of a step: nothing, an unfinished attempt, or the finished work."""

_DUPLICATE_KEY = 1062

COMPLETE = ("done", "verified")
"""The states of a complete run: without a verification, and with."""

_CLEARED_AT_ONCE = 10_000

_LOST = "lost"
"""The state of a run that is not complete, and of which a later one has taken a table over."""

_TOLD = 20
"""Missing items that an error tells one by one."""

_COLUMNS = """(
  plan VARCHAR(40) NOT NULL,
  step VARCHAR(8) NOT NULL,
  item VARCHAR(40) NOT NULL,
  run_key VARCHAR(250) NOT NULL,
  state VARCHAR(8) NOT NULL,
  target_schema VARCHAR(64) NOT NULL,
  target_name VARCHAR(64) NOT NULL,
  row_count BIGINT UNSIGNED NOT NULL DEFAULT 0,
  byte_count BIGINT UNSIGNED NOT NULL DEFAULT 0,
  digest VARCHAR(64) NOT NULL DEFAULT '',
  detail MEDIUMTEXT NULL,
  started_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  finished_at DATETIME(6) NULL,
  PRIMARY KEY (plan, step, item),
  KEY (target_schema, target_name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"""


class Connection(Protocol):
    """What runs the ledger's statements: a `Session`, or the `Loader` whose transaction they belong to."""

    @property
    def flavor(self) -> Flavor:
        """What the server is."""

    def execute(self, sql: str) -> int:
        """Run a statement; returns the rows it affected. Raises ServerError."""

    def texts(self, query: str) -> tuple[str, ...]:
        """The only row of a query, as text. Raises ServerError."""


@dataclass(frozen=True)
class RunSummary:
    """What a run's own row tells in ``detail``, beside its rows and bytes: the identity of the target's server, and of
    a complete run what was moved."""

    server: str
    databases: tuple[str, ...] = ()
    tables: int = 0
    chunks: int = 0
    objects: int = 0
    consistency: str = ""


@dataclass(frozen=True)
class Actor:
    """A trigger or an event of the target, which would change rows while they come; ``table`` is a trigger's."""

    kind: str
    name: TableName
    table: str = ""


@dataclass(frozen=True)
class LentDefault:
    """A target database's own default, while objects are made under others: their collations are ``meanwhile``."""

    own: Schema
    meanwhile: tuple[str, ...]


@dataclass(frozen=True)
class SchemaProgress:
    """What the ledger holds for one target database and one plan. Times are seconds since the first step."""

    created: int = 0
    tables_loaded: int = 0
    chunks_loaded: int = 0
    chunks_verified: int = 0
    keyed: int = 0
    objects: int = 0
    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0


def prepare(session: Session, identity: PlanIdentity) -> None:
    """Make the ledger if it is missing, and open the run's own row. Raises ServerError."""
    create(session, identity.ledger)
    begin(session, identity, "run", {"run": TableName("", "")})
    session.execute(
        f"UPDATE {_table(identity)} SET detail = {_encoded(RunSummary(server_identity(session)))} "
        f"WHERE {_rows(identity, 'run', ['run'])}"
    )


def create(session: Session, ledger: str) -> None:
    """Make the ledger in the database of this name, if it is missing. Raises ServerError."""
    if not _is_there(session, ledger):  # MySQL (9.7) lets CREATE DATABASE IF NOT EXISTS wait for all transactions in it
        session.execute(f"CREATE DATABASE IF NOT EXISTS {quote(ledger)} DEFAULT CHARACTER SET utf8mb4")
        session.execute(f"CREATE TABLE IF NOT EXISTS {table_in(ledger).sql} {_COLUMNS}")


def table_in(ledger: str) -> TableName:
    """The table that is the ledger in the database of this name."""
    return TableName(ledger, "ledger")


def is_complete(connection: Connection, identity: PlanIdentity) -> bool:
    """Whether the run is complete and verified, so that nothing is left to do. Raises ServerError.

    Raises IncompleteRunError if nothing more may be done: a later run has taken over some of its tables, or another
    server answers, see `run_state`.
    """
    state = run_state(connection, identity)
    if state == _LOST:
        raise IncompleteRunError(
            f"run {identity.run_key} has lost tables to a later run, which has taken them over; start the run anew"
        )
    return state in COMPLETE


def require_under_way(connection: Connection, identity: PlanIdentity) -> None:
    """Raise IncompleteRunError unless the run may go on: as `is_complete` does, and if another try has completed it;
    ServerError."""
    if is_complete(connection, identity):
        raise IncompleteRunError(f"another try of run {identity.run_key} has completed it meanwhile")


def nothing_left(identity: PlanIdentity) -> Event:
    """What there is to tell when a phase of a complete run is asked for."""
    return notice(
        f"run {identity.run_key} is complete, and nothing of it is done again: to move or verify anew, start it anew"
    )


def run_state(connection: Connection, identity: PlanIdentity) -> str:
    """The state of the run: ``started``, ``done``, ``verified``, or lost to a later one. Raises ServerError.

    Raises IncompleteRunError if it was begun on another server than the one that answers now. One that took over at the
    same address may lack what was committed last, and a copy of the ledger may lie on one that has none of the rows.
    """
    flavor = connection.flavor
    state, detail, now, name = connection.texts(
        f"SELECT COALESCE(MAX(state), ''), COALESCE(MAX(detail), ''), {identity_expression(flavor)}, "
        f"{name_expression(flavor)} FROM {_table(identity)} WHERE {_rows(identity, 'run', ['run'])}"
    )
    begun_on = msgspec.json.decode(detail, type=known(RunSummary)).server if detail else ""
    if begun_on != now:
        begun = f"was begun on the server {begun_on}" if begun_on else "is not in the ledger"
        raise IncompleteRunError(f"run {identity.run_key} {begun}, and {name} answers now; start the run anew")
    return state


def begin(session: Session, identity: PlanIdentity, step: Step, targets: Mapping[str, TableName]) -> dict[str, Found]:
    """Record that steps are under way, by item, and tell what earlier tries of this run left. Raises ServerError."""
    states = dict(
        session.pairs(
            f"SELECT item, IF(state = 'started', 'started', 'done') FROM {_table(identity)} "
            f"WHERE {_rows(identity, step, targets)}"
        )
    )
    values = ", ".join(
        f"({literal(identity.plan)}, {literal(step)}, {literal(item)}, {literal(identity.run_key)}, 'started', "
        f"{literal(target.schema)}, {literal(target.name)})"
        for item, target in targets.items()
    )
    session.execute(
        f"INSERT IGNORE INTO {_table(identity)} (plan, step, item, run_key, state, target_schema, target_name) "
        f"VALUES {values}"
    )
    return {item: cast("Found", states.get(item, "nothing")) for item in targets}


def forget(session: Session, identity: PlanIdentity, step: Step, item: str) -> None:
    """Take back that a step is under way: it was refused before it changed anything. Raises ServerError."""
    session.execute(f"DELETE FROM {_table(identity)} WHERE {_rows(identity, step, [item])} AND state = 'started'")


def finish(session: Session, identity: PlanIdentity, step: Step, items: Collection[str]) -> None:
    """Record that steps are done. Raises ServerError, IncompleteRunError if a later run has taken one over."""
    session.execute(
        f"UPDATE {_table(identity)} SET state = 'done', finished_at = CURRENT_TIMESTAMP(6) "
        f"WHERE {_rows(identity, step, items)} AND state = 'started'"
    )
    ((left,),) = session.text_rows(
        f"SELECT COUNT(*) FROM {_table(identity)} WHERE {_rows(identity, step, items)} AND state <> 'started'"
    )
    if int(left) != len(items):
        raise IncompleteRunError(_taken_over(identity, step, f"of {len(items)} items"))


def finish_run(
    session: Session, identity: PlanIdentity, moment: Moment | None, summary: RunSummary, rows: int, size: int,
    verified: bool,
) -> None:  # fmt: skip
    """Record that the whole run, whose rows are of ``moment``, is complete; harmless when it is recorded.

    Raises IncompleteRunError if a later run has taken tables over, or the moment has ended; ServerError.
    """
    with session.transaction():
        session.execute(
            f"UPDATE {_table(identity)} SET state = '{'verified' if verified else 'done'}', row_count = {rows}, "
            f"byte_count = {size}, detail = {_encoded(summary)}, finished_at = CURRENT_TIMESTAMP(6) "
            f"WHERE {_rows(identity, 'run', ['run'])} AND state = 'started'"
        )
        # A snapshot of this transaction begins here, when the run's row is locked: see `end_moment`.
        if not is_complete(session, identity) or current_moment(session, identity) != moment:
            raise IncompleteRunError(_taken_over(identity, "run", "itself"))


def clear_run(session: Session, identity: PlanIdentity) -> None:
    """Remove what a complete run recorded of its steps; its own row stays. Raises ServerError."""
    steps = f"plan = {literal(identity.plan)} AND step <> 'run'"
    # A part at a time: one transaction over a million rows would cost the server its undo log and others their locks.
    while session.execute(f"DELETE FROM {_table(identity)} WHERE {steps} LIMIT {_CLEARED_AT_ONCE}"):
        pass


def is_cleared(session: Session, identity: PlanIdentity) -> bool:
    """Whether nothing is recorded of the run's steps. Raises ServerError."""
    steps = f"plan = {literal(identity.plan)} AND step <> 'run'"
    return not session.rows(f"SELECT 1 FROM {_table(identity)} WHERE {steps} LIMIT 1")


def has_cleared(session: Session, identity: PlanIdentity, chunks: Collection[Chunk]) -> bool:
    """Whether the run is complete, and what was recorded of some of its chunks was removed. Raises ServerError, and
    IncompleteRunError as `is_complete` does."""
    return is_complete(session, identity) and len(source_checksums(session, identity, chunks)) < len(chunks)


def note_removed(session: Session, identity: PlanIdentity, objects: Mapping[int, Actor]) -> None:
    """Record, before it happens, that triggers and events of the target are taken away, by their numbers in the plan.
    Raises ServerError."""
    values = ", ".join(
        f"({literal(identity.plan)}, 'removed', {literal(f'{actor.kind}:{number}')}, {literal(identity.run_key)}, "
        f"'started', {literal(actor.name.schema)}, {literal(actor.name.name)}, {literal(actor.table)})"
        for number, actor in objects.items()
    )
    if values:
        session.execute(
            f"INSERT IGNORE INTO {_table(identity)} "
            f"(plan, step, item, run_key, state, target_schema, target_name, detail) VALUES {values}"
        )


def removed_objects(session: Session, ledger: str, schema: str) -> frozenset[Actor]:
    """The triggers and events that runs have taken away in a target database, and not brought back. Raises
    ServerError."""
    if not _is_there(session, ledger):
        return frozenset()
    rows = session.text_rows(
        # The kind stands in front of each item.
        "SELECT SUBSTRING_INDEX(item, ':', 1), target_schema, target_name, COALESCE(detail, '') "
        f"FROM {table_in(ledger).sql} "
        f"WHERE target_schema = {literal(schema)} AND step = 'removed'"
    )
    return frozenset(Actor(kind, TableName(within, name), table) for kind, within, name, table in rows)


def forget_removed(session: Session, identity: PlanIdentity, objects: Collection[Actor]) -> None:
    """Take back that triggers and events were taken away: they are back. Raises ServerError.

    For this run and for those that have ended; one that is under way may have taken them away since.
    """
    names = _names(actor.name for actor in objects)
    rows = session.text_rows(
        f"SELECT t.plan, t.item, t.target_schema, t.target_name FROM {_with_runs(identity.ledger)} "
        f"WHERE t.step = 'removed' AND (t.target_schema, t.target_name) IN ({names}) "
        f"AND (r.state <> 'started' OR r.plan = {literal(identity.plan)})"
    )
    back = {(actor.kind, actor.name) for actor in objects}
    found = ((plan, item) for plan, item, *name in rows if (item.partition(":")[0], TableName(*name)) in back)
    _forget(session, identity, "removed", found)


def item_of_database(name: str) -> str:
    """The item of a step for a whole database, whose name may be longer than the column."""
    return sha256(name.encode()).hexdigest()[:40]


def note_default(session: Session, identity: PlanIdentity, lent: LentDefault) -> None:
    """Record, before a database gets another default, which one is its own. Raises ServerError."""
    schema, detail = lent.own.name, literal(msgspec.json.encode(lent).decode())
    session.execute(
        f"INSERT INTO {_table(identity)} (plan, step, item, run_key, state, target_schema, target_name, detail) VALUES "
        f"({literal(identity.plan)}, 'default', {literal(item_of_database(schema))}, "
        f"{literal(identity.run_key)}, 'started', {literal(schema)}, '', {detail}) "
        f"ON DUPLICATE KEY UPDATE detail = {detail}"
    )


def lent_defaults(session: Session, ledger: str) -> list[LentDefault]:
    """What runs have recorded of databases' own defaults and not forgotten, the latest last. Raises ServerError."""
    if not _is_there(session, ledger):
        return []
    rows = session.text_rows(f"SELECT detail FROM {table_in(ledger).sql} WHERE step = 'default' ORDER BY started_at")
    return [msgspec.json.decode(detail, type=known(LentDefault)) for (detail,) in rows]


def forget_defaults(session: Session, identity: PlanIdentity, schemas: Iterable[str]) -> None:
    """Take back, for all runs, what is recorded of databases' defaults: they have their own. Raises ServerError."""
    rows = session.pairs(
        f"SELECT plan, item FROM {_table(identity)} WHERE (target_schema, target_name) IN "
        f"({_names(TableName(schema, '') for schema in schemas)}) AND step = 'default'"
    )
    _forget(session, identity, "default", rows)


def _forget(session: Session, identity: PlanIdentity, step: Step, found: Iterable[tuple[str, str]]) -> None:
    """Delete a step's rows of plans and items one by one: by the whole key, as in `supersede`."""
    for plan, item in found:
        of_plan = replace(identity, plan=plan)
        session.execute(f"DELETE FROM {_table(identity)} WHERE {_rows(of_plan, step, [item])}")


def done_items(session: Session, identity: PlanIdentity, step: Step) -> frozenset[str]:
    """The items of a step that are done. Raises ServerError."""
    rows = session.text_rows(
        f"SELECT item FROM {_table(identity)} WHERE plan = {literal(identity.plan)} AND step = {literal(step)} "
        "AND state <> 'started'"
    )
    return frozenset(item for (item,) in rows)


def require_done(
    session: Session, identity: PlanIdentity, step: Step, planned: Mapping[str, object], verified: bool = False
) -> None:
    """Raise IncompleteRunError, naming what is missing, unless a step's planned items are all done; ServerError.

    ``planned`` says by item what it is to a reader. With ``verified``, done is not enough. Of a run that another try
    has completed meanwhile nothing is missing, though its steps may be cleared.
    """
    states = ("verified",) if verified else ("done", "verified")
    rows = session.text_rows(
        f"SELECT item FROM {_table(identity)} WHERE {_rows(identity, step, planned)} "
        f"AND state IN ({', '.join(map(literal, states))})"
    )
    there = {item for (item,) in rows}
    missing = [str(name) for item, name in planned.items() if item not in there]
    if missing and not is_complete(session, identity):
        told = "; ".join(missing[:_TOLD])
        more = f"; and {len(missing) - _TOLD} more" if len(missing) > _TOLD else ""
        raise IncompleteRunError(
            f"run {identity.run_key}, step {'verify' if verified else step}: {len(missing)} of {len(planned)} planned "
            f"are not in the ledger at its end: {told}{more}; a later run has taken them over, or the ledger was "
            "cleaned; start the run anew"
        )


def begun_items(session: Session, identity: PlanIdentity, step: Step) -> frozenset[str]:
    """The items of a step that an earlier try began and did not finish. Raises ServerError."""
    rows = session.text_rows(
        f"SELECT item FROM {_table(identity)} WHERE plan = {literal(identity.plan)} AND step = {literal(step)} "
        "AND state = 'started'"
    )
    return frozenset(item for (item,) in rows)


def require_owned(session: Session, identity: PlanIdentity, tables: Collection[TableName]) -> None:
    """Raise IncompleteRunError unless the run made the tables and no later run has taken one over; ServerError."""
    wanted = frozenset(tables)
    owned = {
        TableName(schema, name)
        for schema, name in session.pairs(
            f"SELECT target_schema, target_name FROM {_table(identity)} WHERE plan = {literal(identity.plan)} "
            f"AND step = 'create' AND state <> 'started' AND (target_schema, target_name) IN ({_names(wanted)})"
        )
    }
    if lost := sorted(wanted - owned):
        raise IncompleteRunError(_taken_over(identity, "create", str(lost[0])))


def require_tables(session: Session, identity: PlanIdentity, expected: int) -> None:
    """Raise IncompleteRunError unless the run still owns as many tables as it planned; ServerError."""
    owned = len(done_items(session, identity, "create"))
    if owned != expected:
        raise IncompleteRunError(
            f"run {identity.run_key} planned {expected} tables and the ledger has {owned}: they were never made, "
            "or a later run has taken them over; start the run anew"
        )


def supersede(session: Session, identity: PlanIdentity, targets: Iterable[TableName]) -> None:
    """Delete what earlier runs recorded about tables that this run takes over; those that are not complete are lost.

    Waits for transactions that load into the tables. Raises ServerError.
    """
    theirs = (
        f"(target_schema, target_name) IN ({_names(targets)}) AND plan <> {literal(identity.plan)} "
        "AND step <> 'removed'"  # that is of what the target had before all of them
    )
    for (plan,) in session.text_rows(f"SELECT DISTINCT plan FROM {_table(identity)} WHERE {theirs}"):
        # One by one: by the whole key, no server reads and locks other rows, which may be those of a long transaction.
        session.execute(
            f"UPDATE {_table(identity)} SET state = '{_LOST}' "
            f"WHERE {_rows(replace(identity, plan=plan), 'run', ['run'])} AND state = 'started'"
        )
    session.execute(f"DELETE FROM {_table(identity)} WHERE {theirs}")


def unfinished_tables(session: Session, ledger: str, schema: str) -> frozenset[str]:
    """Tables of a target database that a run began and never proved complete. Raises ServerError."""
    if not _is_there(session, ledger):
        return frozenset()
    rows = session.text_rows(
        f"SELECT t.target_name FROM {_with_runs(ledger)} "
        f"WHERE t.target_schema = {literal(schema)} AND t.step = 'create' "
        f"AND r.state NOT IN ({', '.join(map(literal, COMPLETE))})"
    )
    return frozenset(name for (name,) in rows)


def unfinished_claims(session: Session, ledger: str, tables: Collection[TableName]) -> list[tuple[TableName, str]]:
    """Those of the tables that are a run's which may go on, and its key.

    Raises ServerError, also if there is no such ledger.
    """
    schemas = ", ".join(sorted({literal(name.schema) for name in tables})) or "NULL"
    rows = session.text_rows(
        f"SELECT t.target_schema, t.target_name, r.run_key FROM {_with_runs(ledger)} "
        f"WHERE t.target_schema IN ({schemas}) AND t.step = 'create' AND r.state = 'started'"
    )
    wanted = frozenset(tables)
    found = ((TableName(schema, name), run_key) for schema, name, run_key in rows)
    return [(name, run_key) for name, run_key in found if name in wanted]


def marked_by_others(session: Session, identity: PlanIdentity) -> frozenset[str]:
    """The databases that other runs in this run's ledger have marked which may go on. Raises ServerError."""
    rows = session.text_rows(
        f"SELECT DISTINCT t.target_schema FROM {_with_runs(identity.ledger)} "
        f"WHERE t.step = 'mark' AND r.state = 'started' AND t.plan <> {literal(identity.plan)}"
    )
    return frozenset(schema for (schema,) in rows)


def _with_runs(ledger: str) -> str:
    """The rows ``t`` of a ledger, each with its run's own ``r``."""
    table = table_in(ledger).sql
    return f"{table} AS t JOIN {table} AS r ON r.plan = t.plan AND r.step = 'run'"


def _is_there(session: Session, ledger: str) -> bool:
    table = table_in(ledger)
    found = session.rows(
        f"SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = {literal(table.schema)} "
        f"AND TABLE_NAME = {literal(table.name)}"
    )
    return bool(found)


def begin_moment(session: Session, identity: PlanIdentity, moment: Moment) -> None:
    """Record the moment of the source that all rows of the run belong to from now on. Raises ServerError."""
    session.execute(
        f"INSERT INTO {_table(identity)} (plan, step, item, run_key, state, target_schema, target_name, detail) VALUES "
        f"({literal(identity.plan)}, 'moment', {literal(moment.epoch)}, {literal(identity.run_key)}, 'done', '', '', "
        f"{literal(msgspec.json.encode(moment).decode())}) "
        # There already, if it was the answer that was lost.
        "ON DUPLICATE KEY UPDATE state = state"
    )


def current_moment(session: Session, identity: PlanIdentity) -> Moment | None:
    """The moment that the run's rows belong to, if there is one. Raises ServerError."""
    rows = session.text_rows(
        f"SELECT detail FROM {_table(identity)} WHERE plan = {literal(identity.plan)} AND step = 'moment'"
    )
    return msgspec.json.decode(rows[0][0], type=known(Moment)) if rows else None


def end_moment(session: Session, identity: PlanIdentity, epoch: str) -> None:
    """Let nothing be committed any more that was read in the moment with this epoch.

    Waits for transactions that load such rows. Raises IncompleteRunError if the run is complete, ServerError.
    """
    with session.transaction():
        # Locked until the moment is gone: either the run is not complete after this, or it was before.
        rows = session.rows(f"SELECT state FROM {_table(identity)} WHERE {_rows(identity, 'run', ['run'])} FOR UPDATE")
        if rows != [(b"started",)]:
            raise IncompleteRunError(
                f"run {identity.run_key} is complete, or lost to a later run: its rows are kept; start the run anew"
            )
        session.execute(f"DELETE FROM {_table(identity)} WHERE {_rows(identity, 'moment', [epoch])}")


def loaded_tables(session: Session, identity: PlanIdentity) -> frozenset[TableName]:
    """The tables that hold rows which this run has loaded. Raises ServerError."""
    tables = session.pairs(
        f"SELECT DISTINCT target_schema, target_name FROM {_table(identity)} "
        f"WHERE plan = {literal(identity.plan)} AND step = 'load'"
    )
    return frozenset(TableName(schema, name) for schema, name in tables)


def forget_loads(session: Session, identity: PlanIdentity, target: TableName) -> None:
    """Take back that chunks of a table were loaded: it was emptied. Raises ServerError."""
    session.execute(
        f"DELETE FROM {_table(identity)} WHERE plan = {literal(identity.plan)} AND step = 'load' "
        f"AND target_schema = {literal(target.schema)} AND target_name = {literal(target.name)}"
    )


def claim_chunks(connection: Connection, identity: PlanIdentity, chunks: Sequence[Chunk]) -> bool:
    """Record, in the transaction that will load them, that chunks are being loaded; False if one is loaded already.

    Waits for another transaction that claims one of them. After False the caller must roll back. Raises ServerError,
    IncompleteRunError if a table is not this run's any more, or rows of another moment have taken the place of these.
    """
    claims = " UNION ALL ".join(
        f"SELECT {literal(chunk.id)} AS chunk, {literal(str(chunk.table))} AS made" for chunk in chunks
    )
    in_moment = (
        f"JOIN {_table(identity)} AS moment ON moment.plan = made.plan AND moment.step = 'moment' "
        f"AND moment.item = {literal(identity.epoch)} "
        if identity.epoch
        else ""
    )
    try:
        claimed = connection.execute(
            f"INSERT INTO {_table(identity)} (plan, step, item, run_key, state, target_schema, target_name) "
            "SELECT made.plan, 'load', claims.chunk, made.run_key, 'started', made.target_schema, made.target_name "
            f"FROM {_table(identity)} AS made JOIN ({claims}) AS claims ON made.item = claims.made {in_moment}"
            f"WHERE made.plan = {literal(identity.plan)} AND made.step = 'create' AND made.state = 'done' "
            # Until the commit, also between the reading and the insertion: who takes the table over, or ends the
            # moment, waits for all that is loaded into it.
            "LOCK IN SHARE MODE"
        )
    except ServerError as error:
        if error.number == _DUPLICATE_KEY:
            return False
        raise
    if claimed != len(chunks):
        raise IncompleteRunError(_taken_over(identity, "load", f"of {len(chunks)} chunks"))
    return True


def complete_chunks(
    connection: Connection, identity: PlanIdentity, loaded: Mapping[Chunk, tuple[Checksum, int]]
) -> None:
    """Record, before the commit, that claimed chunks are loaded: what the source holds of each, and its bytes.

    The digest is empty where the source has none. Raises ServerError.
    """
    connection.execute(
        f"UPDATE {_table(identity)} SET "
        + _by_item("row_count", {chunk: source.rows for chunk, (source, _) in loaded.items()})
        + _by_item("digest", {chunk: literal(source.digest) for chunk, (source, _) in loaded.items()})
        + _by_item("byte_count", {chunk: size for chunk, (_, size) in loaded.items()})
        + "state = 'done', finished_at = CURRENT_TIMESTAMP(6) "
        f"WHERE {_rows(identity, 'load', [chunk.id for chunk in loaded])}"
    )


def _by_item(column: str, values: Mapping[Chunk, object]) -> str:
    cases = " ".join(f"WHEN {literal(chunk.id)} THEN {value}" for chunk, value in values.items())
    return f"{column} = CASE item {cases} END, "


def source_checksums(session: Session, identity: PlanIdentity, chunks: Iterable[Chunk]) -> Mapping[str, Checksum]:
    """What the source held of each chunk that was loaded, by the chunk's id. Raises ServerError."""
    rows = session.text_rows(
        f"SELECT item, row_count, digest FROM {_table(identity)} "
        f"WHERE {_rows(identity, 'load', [chunk.id for chunk in chunks])} AND state <> 'started'"
    )
    return {item: Checksum(int(count), digest) for item, count, digest in rows}


def rows_loaded(session: Session, identity: PlanIdentity, target: TableName) -> int:
    """The rows of all chunks of a table that were loaded. Raises ServerError."""
    return int(
        session.value(
            f"SELECT COALESCE(SUM(row_count), 0) FROM {_table(identity)} WHERE plan = {literal(identity.plan)} "
            f"AND step = 'load' AND state <> 'started' AND target_schema = {literal(target.schema)} "
            f"AND target_name = {literal(target.name)}"
        )
        or 0
    )


def mark_verified(session: Session, identity: PlanIdentity, chunks: Iterable[Chunk]) -> None:
    """Record that the target was seen to hold these chunks. Raises ServerError."""
    session.execute(
        f"UPDATE {_table(identity)} SET state = 'verified' "
        f"WHERE {_rows(identity, 'load', [chunk.id for chunk in chunks])} AND state = 'done'"
    )


def progress(session: Session, identity: PlanIdentity) -> Mapping[str, SchemaProgress]:
    """What is done and verified, by target database. Raises ServerError."""
    rows = session.text_rows(
        "SELECT target_schema, SUM(step = 'create' AND state <> 'started'), "
        "COUNT(DISTINCT IF(step = 'load' AND state <> 'started', target_name, NULL)), "
        "SUM(step = 'load' AND state <> 'started'), SUM(step = 'load' AND state = 'verified'), "
        "SUM(step = 'keys' AND state <> 'started'), SUM(step = 'object' AND state <> 'started'), "
        "SUM(IF(step = 'load' AND state <> 'started', row_count, 0)), SUM(byte_count), "
        "COALESCE(TIMESTAMPDIFF(MICROSECOND, MIN(IF(step = 'load', started_at, NULL)), "
        "MAX(IF(step = 'load', finished_at, NULL))), 0) "
        f"FROM {_table(identity)} WHERE plan = {literal(identity.plan)} AND step NOT IN ('run', 'moment') "
        "GROUP BY target_schema"
    )
    return {row[0]: _schema_progress(*map(int, row[1:])) for row in rows}


def _schema_progress(
    created: int, tables: int, chunks: int, verified: int, keyed: int, objects: int, rows: int, size: int,
    microseconds: int,
) -> SchemaProgress:  # fmt: skip
    return SchemaProgress(created, tables, chunks, verified, keyed, objects, rows, size, microseconds / 1e6)


def _table(identity: PlanIdentity) -> str:
    return table_in(identity.ledger).sql


def _encoded(summary: RunSummary) -> str:
    return literal(msgspec.json.encode(summary).decode())


def _rows(identity: PlanIdentity, step: Step, items: Iterable[str]) -> str:
    listed = ", ".join(literal(item) for item in items) or "NULL"
    return f"plan = {literal(identity.plan)} AND step = {literal(step)} AND item IN ({listed})"


def _names(tables: Iterable[TableName]) -> str:
    return ", ".join(f"({literal(name.schema)}, {literal(name.name)})" for name in tables) or "(NULL, NULL)"


def _taken_over(identity: PlanIdentity, step: Step, item: str) -> str:
    return (
        f"step {step} {item} of run {identity.run_key} is not in the ledger: "
        "a later run has taken its table over, or the ledger was cleaned; start the run anew"
    )
