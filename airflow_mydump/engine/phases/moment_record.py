"""How the moment that a plan's rows belong to ends, and another begins, on the target.

Whoever does it may have been taken for dead, and wake up when another worker has long begun a later moment. So nothing
is thrown away behind a moment that was not there before, none is recorded beside another, and each step of it has its
turn, with the moment and with the tables that are emptied.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from airflow_mydump.engine import ledger
from airflow_mydump.engine.batch import batches
from airflow_mydump.engine.consistency.moment import Moment
from airflow_mydump.engine.errors import SnapshotError
from airflow_mydump.engine.phases.plan import schema_file
from airflow_mydump.engine.phases.schema import empty_table
from airflow_mydump.engine.plan.plan import Plan, PlannedTable, SchemaBundle
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.renewed import Renewed, asked
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from airflow_mydump.engine.server.turn import in_turn
from airflow_mydump.engine.workdir import WorkDirectory


def end_moment(target: Endpoint, directory: WorkDirectory, plan: Plan, before: Moment | None) -> None:
    """End the moment that was current ``before``, and empty the tables that hold rows of it or of an earlier one.

    Raises SnapshotError if another moment is current, IncompleteRunError if the run is complete or lost, ConnectError,
    ServerError; what is not thrown away then, another call finds.
    """
    identity = plan.identity
    with _turn(target, identity) as connection:
        # Waits for a transaction of a worker that was taken for dead, if there is one (error 1205 after a minute).
        connection.tried(ledger.end_moment, identity, before.epoch if before else "")
    stale = asked(target, metadata, ledger.loaded_tables, identity)
    for part in range(plan.parts if stale else 0):
        bundle = directory.read(schema_file(identity, part), SchemaBundle)
        for batch in batches((planned for planned in bundle.tables if planned.target in stale), lambda planned: 0):
            with _turn(target, identity, batch) as connection:
                connection.tried(_throw_away, plan, batch)


def begin_moment(target: Endpoint, identity: PlanIdentity, moment: Moment) -> None:
    """Record the moment that is valid from now on.

    Raises SnapshotError if there is another, ConnectError, ServerError.
    """
    with _turn(target, identity) as connection:
        connection.tried(_record, identity, moment)


def _turn(target: Endpoint, identity: PlanIdentity, tables: Sequence[PlannedTable] = ()) -> Renewed[Session]:
    things = [f"the moment of plan {identity.plan}", *(str(planned.target) for planned in tables)]
    return Renewed(partial(in_turn, target, things), target.patience)


def _throw_away(session: Session, plan: Plan, tables: Sequence[PlannedTable]) -> None:
    identity = plan.identity
    if other := ledger.current_moment(session, identity):
        raise _too_late(other)
    stale = ledger.loaded_tables(session, identity)  # without those that a later run has taken over
    for planned in tables:
        if planned.target in stale:
            empty_table(session, plan.selection, planned)
            ledger.forget_loads(session, identity, planned.target)


def _record(session: Session, identity: PlanIdentity, moment: Moment) -> None:
    other = ledger.current_moment(session, identity)
    if other and other.epoch != moment.epoch:
        raise _too_late(other)
    ledger.begin_moment(session, identity, moment)


def _too_late(other: Moment) -> SnapshotError:
    return SnapshotError(
        f"other workers have begun to read in a moment of their own ({other.taken_at} UTC) while this one was silent; "
        "what they read is left alone"
    )
