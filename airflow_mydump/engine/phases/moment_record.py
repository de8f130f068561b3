"""How the moment that a plan's rows belong to ends, and another begins, on the target.

Whoever does it may have been taken for dead, and wake up when another worker has long begun a later moment. So nothing
is thrown away behind a moment that was not there before, none is recorded beside another, and each step of it has its
turn: a named lock on the target, which ends with the connection that does the step.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from airflow_mydump.engine import ledger
from airflow_mydump.engine.consistency.moment import Moment
from airflow_mydump.engine.errors import IncompleteRunError, ServerError, SnapshotError
from airflow_mydump.engine.identifier import TableName, literal
from airflow_mydump.engine.phases.plan import schema_file
from airflow_mydump.engine.phases.schema import empty_table
from airflow_mydump.engine.plan.plan import Plan, PlanIdentity, PlannedTable, SchemaBundle
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.renewed import Renewed, asked
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata
from airflow_mydump.engine.workdir import WorkDirectory

_TURN_SECONDS = 60
_LOCK_WAIT_TIMEOUT = 1205


def end_moment(target: Endpoint, directory: WorkDirectory, plan: Plan, before: Moment | None) -> None:
    """End the moment that was current ``before``, and empty the tables that hold rows of it or of an earlier one.

    Raises SnapshotError if another moment is current, IncompleteRunError if the run is complete, ConnectError,
    ServerError; what is not thrown away then, another call finds.
    """
    with Renewed(lambda: Session(target, metadata), target.patience) as connection:
        # Waits for a transaction of a worker that was taken for dead, if there is one (error 1205 after a minute).
        stale = connection.tried(_end, plan.identity, before.epoch if before else "")
        for part in range(plan.parts if stale else 0):
            bundle = directory.read(schema_file(plan.identity, part), SchemaBundle)
            for planned in bundle.tables:
                if planned.target in stale:
                    connection.tried(_throw_away, plan, planned)


def begin_moment(target: Endpoint, identity: PlanIdentity, moment: Moment) -> None:
    """Record the moment that is valid from now on.

    Raises SnapshotError if there is another, ConnectError, ServerError.
    """
    asked(target, metadata, _record, identity, moment)


def _end(session: Session, identity: PlanIdentity, epoch: str) -> frozenset[TableName]:
    if ledger.done_items(session, identity, "run"):
        raise IncompleteRunError(f"run {identity.run_key} is complete, and its rows are not thrown away; start it anew")
    return ledger.end_moment(session, identity, epoch)


def _throw_away(session: Session, plan: Plan, planned: PlannedTable) -> None:
    with _turn(session, plan.identity):
        if other := ledger.current_moment(session, plan.identity):
            raise _too_late(other)
        empty_table(session, plan.selection, planned)
        ledger.forget_loads(session, plan.identity, planned.target)


def _record(session: Session, identity: PlanIdentity, moment: Moment) -> None:
    with _turn(session, identity):
        other = ledger.current_moment(session, identity)
        if other and other.epoch != moment.epoch:
            raise _too_late(other)
        ledger.begin_moment(session, identity, moment)


@contextmanager
def _turn(session: Session, identity: PlanIdentity) -> Iterator[None]:
    lock = literal(f"airflow_mydump:{identity.plan}:moment")
    if session.value(f"SELECT GET_LOCK({lock}, {_TURN_SECONDS})") != b"1":
        raise ServerError(_LOCK_WAIT_TIMEOUT, "another worker has been throwing away rows of an earlier moment")
    try:
        yield
    finally:
        with suppress(ServerError):  # a connection that is lost has freed it already
            session.execute(f"DO RELEASE_LOCK({lock})")


def _too_late(other: Moment) -> SnapshotError:
    return SnapshotError(
        f"other workers have begun to read in a moment of their own ({other.taken_at} UTC) while this one was silent; "
        "what they read is left alone"
    )
