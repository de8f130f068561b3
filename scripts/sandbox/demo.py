"""The demo: two private servers, some tenants, Airflow, and a migration with a report.

Everything listens on loopback only, and ends with this process, however it ends.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, get_args

import httpx
import pymysql
from rich.console import Console

from sandbox.airflow import Airflow, AirflowStartError, connection_variables
from sandbox.airflow_api import AirflowApiError, AirflowTimeoutError
from sandbox.demo_directory import DemoDirectory, DemoRunningError
from sandbox.demo_progress import DemoProgress
from sandbox.demo_report import report_table, shortfalls
from sandbox.installation import Flavor, ServerNotInstalledError, available_flavors
from sandbox.port import NoFreePortError
from sandbox.server import Server, ServerStartError
from sandbox.template import TemplateError
from sandbox.tenants import DEMO_ROWS, DEMO_TABLES, DEMO_TENANTS, fill

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sandbox.tenants import Tenant

DAG = "demo_tenants"
RUN_SECONDS = 600.0

_DAGS = Path(__file__).resolve().parents[2] / "dags"
_NAMES: dict[Flavor, str] = {"mariadb": "MariaDB", "mysql": "MySQL"}
#: What may go wrong without being a mistake of the demo's.
_EXPECTED = (
    AirflowApiError,
    AirflowStartError,
    AirflowTimeoutError,
    DemoRunningError,
    NoFreePortError,
    OSError,
    ServerNotInstalledError,
    ServerStartError,
    TemplateError,
    httpx.HTTPError,
    pymysql.MySQLError,
)


class DemoFailedError(Exception):
    """The migration did not end well; says why and what to do."""


class Demo:
    """One demonstration, from empty servers to the report."""

    def __init__(self, directory: DemoDirectory, flavor: Flavor, console: Console) -> None:
        self._directory = directory
        self._flavor: Flavor = flavor
        self._console = console

    def run(self, lock: int, stay: bool) -> None:
        """Migrate and report; then, if `stay`, return only when interrupted. Raises DemoFailedError and others."""
        with ExitStack() as stack:
            source, target = (self._server(stack) for _ in range(2))
            tenants = self._fill(source)
            with self._step("Starting Airflow"):
                airflow = stack.enter_context(self._airflow(source, target, lock))
                airflow.await_dag(DAG)
            if stay:
                self._say(f"Airflow's UI: {airflow.url}  user {airflow.user}  password {airflow.password}")
            try:
                self._migrate(airflow, tenants)
            except DemoFailedError as error:
                if not stay:
                    raise
                self._say(f"Failed: {error}")
                self._stay(airflow)
                raise
            if stay:
                self._stay(airflow)

    def _server(self, stack: ExitStack) -> Server:
        server = stack.enter_context(Server(self._flavor))
        self._directory.remember(server)
        return server

    def _fill(self, source: Server) -> tuple[Tenant, ...]:
        what = f"{len(DEMO_TENANTS)} tenants, {DEMO_TABLES:,} tables and {DEMO_ROWS:,} rows"
        with self._step(f"Filling the source, {_NAMES[source.flavor]} {source.version}, with {what}"):
            return fill(source)

    def _airflow(self, source: Server, target: Server, lock: int) -> Airflow:
        connections = {"mydump_source": source.uri, "mydump_target": target.uri}
        variables = {"MYDUMP_TENANTS": ",".join(DEMO_TENANTS), "MYDUMP_WORK_DIRECTORY": str(self._directory.work)}
        environment = {**variables, **dict(connection_variables(connections))}
        return Airflow(self._directory.airflow, _DAGS, environment, inherit=[lock])

    def _migrate(self, airflow: Airflow, tenants: Sequence[Tenant]) -> None:
        self._say(f"Triggering the DAG {DAG}")
        airflow.api.unpause(DAG)
        begun = time.monotonic()
        run_id = airflow.api.trigger(DAG)
        with DemoProgress(self._console) as progress:
            state = airflow.api.await_run(
                DAG, run_id, RUN_SECONDS, lambda: progress.look(airflow.api.task_instances(DAG, run_id))
            )
        seconds = time.monotonic() - begun
        report = self._report(airflow, run_id)
        missing = [] if report is None else list(shortfalls(report, tenants))
        if state != "success" or missing or report is None:
            raise DemoFailedError(self._explain(airflow, run_id, state, missing))
        self._say(
            f"{len(tenants)} tenants migrated and verified, {report_rows(report):,} rows, "
            f"{seconds:.1f} s from trigger to success"
        )

    def _report(self, airflow: Airflow, run_id: str) -> Mapping[str, Any] | None:
        try:
            report: Mapping[str, Any] = airflow.api.xcom(DAG, run_id, "report", "report")
        except AirflowApiError:  # the run ended before there was anything to report
            return None
        self._console.print(report_table(report))
        return report

    def _explain(self, airflow: Airflow, run_id: str, state: str, missing: Sequence[str]) -> str:
        instances = airflow.api.task_instances(DAG, run_id)
        failed = [each for each in instances if each["state"] == "failed"]
        first = min(failed, key=lambda each: str(each["end_date"]), default=None)
        parts = [f"the run ended as {state}"]
        parts += [f"the first task that failed is {first['task_id']}"] if first else []
        parts += [missing[0]] if missing else []
        return f"{', '.join(parts)}. The tasks' logs say why: {airflow.task_logs}. Then run again."

    def _stay(self, airflow: Airflow) -> None:
        """Return when interrupted; raises AirflowStartError if Airflow ends by itself."""
        self._say(f"Look around: {airflow.url}  user {airflow.user}  password {airflow.password}")
        self._say("Ctrl-C ends all of it")
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(1)
                airflow.check()

    @contextlib.contextmanager
    def _step(self, what: str) -> Iterator[None]:
        begun = time.monotonic()
        self._say(what)
        yield
        self._console.print(f"   done in {time.monotonic() - begun:.1f} s", highlight=False)

    def _say(self, text: str) -> None:
        self._console.print(f"== {text}", highlight=False, markup=False, soft_wrap=True)


def report_rows(report: Mapping[str, Any]) -> int:
    """Return the rows of all tenants."""
    return sum(tenant["rows"] for tenant in report["tenants"])


def main() -> None:
    """Run the demo: see --help for the options and exit codes."""
    options = _parse()
    directory = DemoDirectory()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        with directory.lock() as lock:
            if options.clean:
                directory.remove()
                return
            directory.empty()
            Demo(directory, options.flavor or _flavor(), Console()).run(lock, stay=not options.exit)
    except DemoFailedError as error:
        sys.exit(f"Error: the migration failed: {error}")
    except _EXPECTED as error:
        sys.exit(f"Error: {error}\nLogs, if any, are in {directory.airflow}.")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Migrate some tenants between two private servers with Airflow, show the report, and stay up.",
        epilog="Exit code 0: every tenant was migrated and verified.",
    )
    parser.add_argument("--exit", action="store_true", help="stop everything at the end")
    parser.add_argument("--flavor", choices=get_args(Flavor), help="of both servers; default: what is installed")
    parser.add_argument("--clean", action="store_true", help="only remove what this and earlier demos left")
    return parser.parse_args()


def _flavor() -> Flavor:
    """Return MariaDB where it is installed, else MySQL; raises ServerNotInstalledError."""
    for flavor in available_flavors():
        return flavor
    raise ServerNotInstalledError("No server is installed: run scripts/demo, which installs MariaDB's.")


def _end(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
