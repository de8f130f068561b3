"""A private Airflow: own home, own metadata database, everything on loopback, gone with its starter.

with Airflow(home, dags, connections) as airflow:
    run = airflow.api.trigger("demo_tenants")

It has a scheduler with LocalExecutor, a DAG processor and an API server with the UI. It has no triggerer (nothing here
defers) and no server for logs (tasks and UI share a disk): both would listen on every interface.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from sandbox import keeper
from sandbox.airflow_api import AirflowApi, AirflowApiError
from sandbox.port import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

START_SECONDS = 180.0
USER = "admin"

_COMPONENTS = {
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "api-server": ("api-server",),
}
_HEALTHY = {"metadatabase": "healthy", "scheduler": "healthy", "dag_processor": "healthy"}
_LOG_TAIL_LINES = 25


class AirflowStartError(Exception):
    """Airflow did not become ready; says which component and where its log is."""


class Airflow:
    """A private Airflow in `home`, which is emptied first, with the DAGs in `dags`.

    `environment` is for Airflow and its tasks, beside the caller's own without its AIRFLOW variables. `settings` are
    Airflow's ("scheduler.parsing_cleanup_interval": "5"); they override the sandbox's. `inherit` are descriptors that
    stay open until the last of its processes has ended.
    """

    def __init__(
        self,
        home: Path,
        dags: Path,
        environment: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
        inherit: Sequence[int] = (),
    ) -> None:
        self.home = home
        self.port = free_port()
        self.user = USER
        self.password = secrets.token_urlsafe(9)
        self.api = AirflowApi(self.url, self.user, self.password)
        self._settings = {**self._default_settings(dags), **(settings or {})}
        self._environment = dict(environment or {})
        self._inherit = inherit
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._outlived: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Airflow:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address of the UI and the API."""
        return f"http://{HOST}:{self.port}"

    @property
    def logs(self) -> Path:
        """Where the components' own logs are, one file each."""
        return self.home / "components"

    @property
    def task_logs(self) -> Path:
        """Where the tasks' logs are."""
        return self.home / "logs"

    def start(self) -> None:
        """Start and return when every component is healthy; raises AirflowStartError."""
        self._prepare()
        self._run_to_end("db", "migrate")
        for name, arguments in _COMPONENTS.items():
            self._processes[name] = self._launch(name, arguments)
        self._await_healthy()

    def stop(self) -> None:
        """End all processes, running tasks included; logs and metadata stay."""
        processes = [*self._processes.values(), *self._outlived]
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()
        self._processes.clear()
        self._outlived.clear()
        self.api.close()

    def command(self, *arguments: str) -> str:
        """Run an ``airflow`` command and return what it prints. Raises CalledProcessError."""
        command = [*_AIRFLOW, *arguments]
        done = subprocess.run(
            command, cwd=self.home, env=self.environment(), stdout=subprocess.PIPE, text=True, check=True
        )
        return done.stdout

    def kill(self, name: str) -> None:
        """End a component with all that came from it, a scheduler with its tasks, as the loss of a machine would."""
        process = self._processes.pop(name)
        process.terminate()
        process.wait()

    def kill_alone(self, name: str) -> None:
        """End a component by SIGKILL, and nothing that came from it: a scheduler's tasks go on."""
        process = self._processes.pop(name)
        (component,) = keeper.children()[process.pid]
        process.send_signal(signal.SIGUSR1)
        os.kill(component, signal.SIGKILL)
        self._outlived.append(process)

    def start_again(self, name: str) -> None:
        """Start a component that was killed; returns at once."""
        self._processes[name] = self._launch(name, _COMPONENTS[name])

    def tasks(self) -> list[int]:
        """The processes that run tasks now, those of a scheduler that was killed included."""
        keepers = [*self._processes.values(), *self._outlived]
        return [pid for process in keepers for pid in keeper.descendants(process.pid) if _runs_task(pid)]

    def await_dag(self, dag_id: str, seconds: float = 60.0) -> None:
        """Return when a DAG was parsed; raises AirflowStartError with its file's error."""
        deadline = time.monotonic() + seconds
        while dag_id not in self.api.dag_ids():
            if errors := self.api.import_errors():
                raise AirflowStartError("A DAG file cannot be imported:\n" + "\n".join(errors))
            self.check()
            if time.monotonic() > deadline:
                raise AirflowStartError(
                    f"No DAG {dag_id} after {seconds:.0f} s: see {self.logs / 'dag-processor.log'}."
                )
            time.sleep(0.2)

    def check(self) -> None:
        """Raise AirflowStartError if a component has ended."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise self._error(name, f"ended with exit code {process.returncode}")

    def _prepare(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        self.logs.mkdir(parents=True)
        self.home.chmod(0o700)
        passwords = self.home / "passwords.json"
        passwords.touch(mode=0o600)
        passwords.write_text(json.dumps({self.user: self.password}))

    def _default_settings(self, dags: Path) -> dict[str, str]:
        return {
            "api.base_url": self.url,
            "api.host": HOST,
            "api.port": str(self.port),
            "api.secret_key": secrets.token_hex(16),
            "api_auth.jwt_secret": secrets.token_hex(32),
            "core.dags_folder": str(dags),
            "core.executor": "LocalExecutor",
            # the default asks the name server who we are
            "core.hostname_callable": "socket.gethostname",
            "core.load_examples": "False",
            # more than the tasks that run at a time: a worker is busy for a while after its task has ended
            "core.parallelism": str(2 * max(2, min(os.cpu_count() or 2, 8))),
            "core.simple_auth_manager_passwords_file": str(self.home / "passwords.json"),
            "core.simple_auth_manager_users": f"{self.user}:admin",
            "dag_processor.parsing_processes": "1",
            "database.load_default_connections": "False",
            # seconds that one of Airflow's processes waits for another's transaction
            "database.sql_alchemy_conn": f"sqlite:///{self.home / 'airflow.db'}?timeout=60",
            "logging.base_log_folder": str(self.task_logs),
            "scheduler.enable_health_check": "False",
            # how soon an idle scheduler notices that a task has ended
            "scheduler.scheduler_idle_sleep_time": "0.1",
            # how long a worker may overlook that its task has ended
            "workers.min_heartbeat_interval": "1",
        }

    def environment(self) -> dict[str, str]:
        """Return what the environment of Airflow's processes is; it holds secrets."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
        settings = {f"AIRFLOW__{name.replace('.', '__').upper()}": value for name, value in self._settings.items()}
        without_proxy = ",".join(filter(None, (HOST, "localhost", os.environ.get("NO_PROXY"))))
        own = {
            "AIRFLOW_HOME": str(self.home),
            "NO_PROXY": without_proxy,
            "no_proxy": without_proxy,
            "PYTHONUNBUFFERED": "1",
        }
        return {**inherited, **settings, **own, **self._environment}

    def _run_to_end(self, *arguments: str) -> None:
        name = "-".join(arguments)
        self._processes[name] = process = self._launch(name, arguments)
        process.wait()
        del self._processes[name]
        if process.returncode != 0:
            raise self._error(name, f"ended with exit code {process.returncode}")

    def _launch(self, name: str, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        command = _FORKING_AIRFLOW if name in _FORKING else _AIRFLOW
        with self._log(name).open("ab") as log:
            return subprocess.Popen(
                [*_KEEPER, str(os.getpid()), *command, *arguments],
                cwd=self.home,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C in a terminal is for the starter, which then stops us
                start_new_session=True,
                pass_fds=self._inherit,
            )

    def _await_healthy(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.healthy():
            self.check()
            if time.monotonic() > deadline:
                raise AirflowStartError(f"Airflow is not ready after {START_SECONDS:.0f} s: see {self.logs}.")
            time.sleep(0.2)

    def healthy(self) -> bool:
        """Whether every component says that it is well."""
        try:
            return _HEALTHY.items() <= self.api.health().items()
        except (httpx.TransportError, AirflowApiError):
            return False

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _error(self, name: str, what: str) -> AirflowStartError:
        log = self._log(name)
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])
        return AirflowStartError(f"Airflow's {name} {what}. Its log, {log}, ends with:\n{tail}")


def _runs_task(pid: int) -> bool:
    try:
        title = Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:  # it has ended
        return False
    # what Airflow (3.1 to 3.3) calls the process of a task instance
    return _TASK_TITLE.match(title) is not None


_TASK_TITLE = re.compile("airflow worker -- [0-9a-f]{8}-")
_AIRFLOW = (sys.executable, "-m", "airflow")
_FORKING_AIRFLOW = (sys.executable, str(Path(__file__).with_name("airflow_main.py")))
_FORKING = ("scheduler", "dag-processor")
_KEEPER = (sys.executable, "-I", "-S", keeper.__file__)


def connection_variables(connections: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return the environment variables that make URIs Airflow's connections."""
    for name, uri in connections.items():
        yield f"AIRFLOW_CONN_{name.upper()}", uri
