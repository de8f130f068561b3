"""A run's conf: what whoever triggered the run asked for.

Airflow makes params of it without a word on what comes of them: a key that the DAG does not know is a param that nobody
reads, and with ``[core] dag_run_conf_overrides_params`` off no key is heard at all. So a run that was to change nothing
would change all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_mydump.engine.errors import ConfigurationError

ASKED = ("tenants", "tenant", "dry_run", "if_exists", "content")
"""The params that `run_request.RunRequest` is made of."""

_OF_AIRFLOW = frozenset({"openlineage"})
"""Keys that Airflow's own operators add to the conf of a run that they trigger."""


def conf_of(context: Mapping[str, Any]) -> dict[str, Any]:
    """The conf of the run that a context is of; empty where it was triggered without."""
    return dict(getattr(context.get("dag_run"), "conf", None) or {})


def require_heard(context: Mapping[str, Any], task: Any, run_params: bool) -> None:
    """Raise ConfigurationError naming the key if the run's conf asks for what would be ignored.

    A task that listens to the run's params (``run_params``) is in a DAG of this package: any key counts. Another is in
    a DAG of the user's, whose conf is the user's own: the names in `ASKED` count, unless the DAG has such a param. It
    may also be in a group inside a DAG of this package: what other tasks of the DAG are asked counts there, too.
    """
    conf = conf_of(context)
    if not conf:
        return
    declared = sorted({*task.dag.params, *task.params})
    unknown = sorted(conf.keys() - set(declared) - _OF_AIRFLOW)
    if run_params:
        _require_params(context, conf, declared, unknown)
    elif ignored := sorted(key for key in conf if key in ASKED and (key in unknown or _heard_beside(task, key, conf))):
        raise ConfigurationError(
            f"the run's conf has {', '.join(ignored)}, which {task.task_id} would ignore, for a task group listens to "
            "no conf: leave it out, say it in the group's configs, or declare it as a param of the DAG if it is yours"
        )


def _heard_beside(task: Any, key: str, conf: dict[str, Any]) -> bool:
    """Whether other tasks of the DAG do otherwise by this key than they do by default. A form has all keys."""
    listening = any(getattr(each, "run_params", False) for each in task.dag.tasks)
    return listening and conf[key] != task.dag.params.dump().get(key)


def _require_params(context: Mapping[str, Any], conf: dict[str, Any], declared: list[str], unknown: list[str]) -> None:
    if unknown:
        raise ConfigurationError(
            f"the run's conf has {', '.join(unknown)}, which would be ignored; "
            + (f"the DAG's params are {', '.join(declared)}" if declared else "the DAG has no params")
        )
    params = context["params"]
    heard = conf.keys() - _OF_AIRFLOW
    if unheard := sorted(key for key in heard if key not in params or params[key] != conf[key]):
        raise ConfigurationError(
            f"the run's conf has {', '.join(unheard)}, which Airflow does not pass on: turn "
            "[core] dag_run_conf_overrides_params on, or trigger the run without conf"
        )
