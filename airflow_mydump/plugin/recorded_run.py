"""What Airflow's metadata database has recorded of runs: states of tasks, and what the tasks left as XComs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from sqlalchemy import select
from sqlalchemy.orm import Session

import airflow_mydump.operators
from airflow_mydump.engine.known_type import known
from airflow_mydump.operators.outline import BEGUN, OUTLINE
from airflow_mydump.operators.phase import FAILURE
from airflow_mydump.operators.progress_record import PROGRESS
from airflow_mydump.operators.report import REPORT

_RUN = DagRun.__table__.c
_TASK = TaskInstance.__table__.c
_XCOM = XComModel.__table__.c


@dataclass(frozen=True)
class RecordedTask:
    """A task instance of one of this package's operators; ``label`` names a mapped one."""

    task_id: str
    map_index: int
    operator: str
    state: str | None
    started: datetime | None
    ended: datetime | None
    tries: int
    label: str

    @property
    def key(self) -> tuple[str, int]:
        """What names it within its run."""
        return self.task_id, self.map_index


@dataclass(frozen=True)
class RecordedRun:
    """A DAG run. ``left`` has what its tasks left, by task, map index and the XCom's key."""

    dag_id: str
    run_id: str
    state: str
    started: datetime | None
    ended: datetime | None
    tasks: Sequence[RecordedTask]
    left: Mapping[tuple[str, int, str], Any]

    def found(self, task_id: str, key: str, kind: Any, map_index: int = -1) -> Any:
        """What a task left under a key; None if it left nothing of this kind (others may write XComs too)."""
        try:
            return msgspec.convert(self.left.get((task_id, map_index, key)), known(kind))
        except msgspec.ValidationError:
            return None

    def reported(self, task_id: str, kind: Any, map_index: int = -1) -> Any:
        """The report that a task left when it ended; None before, and where what it left is of an earlier time.

        Of a run that was cleared, the last time's report stays until the task begins: a run that is under way, or that
        was ended by its timeout, has none. A task that failed although its report is complete says that it does not
        stand.
        """
        state = next((task.state for task in self.tasks if task.key == (task_id, map_index)), None)
        report = self.found(task_id, REPORT, kind, map_index) if state in ("success", "failed") else None
        return None if state == "failed" and getattr(report, "complete", True) else report


def dags_with_runs(session: Session) -> list[str]:
    """The DAGs of which this package's operators have a run that is still recorded."""
    # Airflow has an index on XComs' keys, and none on the operators of task instances.
    found = select(_XCOM.dag_id).where(_XCOM.key.in_((BEGUN, OUTLINE))).distinct()
    return sorted(session.execute(found).scalars())


def read_runs(session: Session, dag_ids: Collection[str], most: int) -> list[RecordedRun]:
    """The last runs of these DAGs, the newest first; of their tasks those alone that report, and without progress."""
    with_run = select(_XCOM.dag_run_id).where(_XCOM.key.in_((BEGUN, OUTLINE)), _XCOM.dag_id.in_(dag_ids))
    chosen = select(*_RUN_COLUMNS).where(_RUN.id.in_(with_run)).order_by(_RUN.run_after.desc()).limit(most)
    runs = session.execute(chosen).all()
    left = _read_left(session, [run.id for run in runs], _XCOM.key.in_((BEGUN, OUTLINE, REPORT)))
    reporting = _read_tasks(
        session,
        _TASK.dag_id.in_({run.dag_id for run in runs}),
        _TASK.run_id.in_({run.run_id for run in runs}),
        _TASK.operator.in_(_REPORTING),
    )
    return [_recorded(run, reporting.get((run.dag_id, run.run_id), ()), left.get(run.id, {})) for run in runs]


def read_run(session: Session, dag_id: str, run_id: str) -> RecordedRun | None:
    """One run with all that its tasks left; None if there is none of this package's operators."""
    run = session.execute(select(*_RUN_COLUMNS).where(_RUN.dag_id == dag_id, _RUN.run_id == run_id)).one_or_none()
    if run is None:
        return None
    ours = _TASK.operator.in_(airflow_mydump.operators.__all__)
    tasks = _read_tasks(session, _TASK.dag_id == dag_id, _TASK.run_id == run_id, ours).get((dag_id, run_id))
    if not tasks:
        return None
    keys = (BEGUN, OUTLINE, REPORT, PROGRESS, FAILURE)
    names = {task.task_id for task in tasks}
    left = _read_left(session, [run.id], _XCOM.key.in_(keys), _XCOM.task_id.in_(names))
    return _recorded(run, tasks, left.get(run.id, {}))


_RUN_COLUMNS = (_RUN.id, _RUN.dag_id, _RUN.run_id, _RUN.state, _RUN.start_date, _RUN.end_date)
_REPORTING = ("ReportOperator", "FinishDumpOperator")
_TASK_COLUMNS = (
    _TASK.dag_id,
    _TASK.run_id,
    _TASK.task_id,
    _TASK.map_index,
    _TASK.operator,
    _TASK.state,
    _TASK.start_date,
    _TASK.end_date,
    _TASK.try_number,
    _TASK.rendered_map_index,
)


def _read_tasks(session: Session, *conditions: Any) -> dict[tuple[str, str], list[RecordedTask]]:
    """Task instances by the ids of their DAG and their run."""
    rows = session.execute(select(*_TASK_COLUMNS).where(*conditions).order_by(_TASK.task_id, _TASK.map_index))
    tasks: dict[tuple[str, str], list[RecordedTask]] = {}
    for row in rows:
        task = RecordedTask(
            row.task_id,
            row.map_index,
            row.operator,
            row.state,
            row.start_date,
            row.end_date,
            row.try_number,
            row.rendered_map_index or "",
        )
        tasks.setdefault((row.dag_id, row.run_id), []).append(task)
    return tasks


def _read_left(
    session: Session, run_numbers: Collection[int], *conditions: Any
) -> dict[int, dict[tuple[str, int, str], Any]]:
    rows = session.execute(
        select(_XCOM.dag_run_id, _XCOM.task_id, _XCOM.map_index, _XCOM.key, _XCOM.value).where(
            _XCOM.dag_run_id.in_(run_numbers), *conditions
        )
    )
    left: dict[int, dict[tuple[str, int, str], Any]] = {}
    for row in rows:
        # As it is: what this package leaves is plain JSON, and a value by somebody else is not to be made objects of.
        left.setdefault(row.dag_run_id, {})[row.task_id, row.map_index, row.key] = row.value
    return left


def _recorded(run: Any, tasks: Sequence[RecordedTask], left: Mapping[tuple[str, int, str], Any]) -> RecordedRun:
    return RecordedRun(run.dag_id, run.run_id, str(run.state), run.start_date, run.end_date, tasks, left)
