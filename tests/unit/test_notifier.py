"""A run's message says which databases, where it failed and what is safe to do, and reaches a mail server and a web
hook as it is."""

from __future__ import annotations

import asyncio
import json
import socketserver
import threading
import urllib.request
from contextlib import contextmanager
from email import message_from_string
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from airflow_mydump.dag_factory import DumpTaskGroup, MigrationTaskGroup, SourceConfig, StagingConfig, TargetConfig
from airflow_mydump.notifications import MigrationNotifier
from airflow_mydump.notifications.notifier import message_of
from airflow_mydump.operators.failure import RECORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_mydump.notifications.message import RunMessage

FAILURE: dict[str, Any] = {
    "phase": "data_phase",
    "map_index": 3,
    "label": "shop.orders, 2 chunks",
    "error": "cannot copy shop.orders, key (id) from (5) to before (9): Lock wait timeout exceeded (error 1205)",
    "retryable": True,
    "link": "http://airflow/log",
}
TENANT = {"schema": "shop", "rows": 1234, "seconds": 1.0}


class Instance:
    """A task instance of a run whose tasks left these XComs."""

    def __init__(self, **left: Any) -> None:
        self._left = left

    def xcom_pull(self, *, task_ids: list[str], key: str, **more: Any) -> list[Any]:
        assert task_ids == ["data_phase", "report"]
        return [None, self._left.get(key)]


def nightly() -> DAG:
    with DAG("nightly", schedule=None) as dag:
        for task_id in ("report", "data_phase"):
            EmptyOperator(task_id=task_id)
    return dag


def context(state: str, **left: Any) -> dict[str, Any]:
    return {
        "dag": nightly(),
        "dag_run": SimpleNamespace(state=state),
        "run_id": "manual__1",
        "reason": "task_failure" if state == "failed" else "success",
        "ti": Instance(**left),
    }


def test_a_failed_run_says_where_and_what_is_safe() -> None:
    message = message_of(context("failed", report={"tenants": [TENANT], "differences": ["x"]}, failures=[FAILURE]))
    assert message.subject == "nightly: FAILED in data_phase"
    for said in ("shop.orders, 2 chunks", "clear the failed tasks", "manual__1", FAILURE["error"], FAILURE["link"]):
        assert said in message.text


def test_an_error_that_stays_is_not_advised_to_be_tried_again() -> None:
    message = message_of(context("failed", failures=[FAILURE | {"retryable": False}]))
    assert "will fail again" in message.text
    assert "clear the failed tasks" not in message.text


def test_a_run_without_a_report_tells_what_its_tasks_left() -> None:
    assert FAILURE["error"] in message_of(context("failed", **{RECORD: FAILURE})).text


def test_what_is_missing_is_told_if_nothing_failed_before() -> None:
    message = message_of(context("failed", report={"tenants": [TENANT], "differences": ["shop: 1 of 2 chunks"]}))
    assert "shop: 1 of 2 chunks" in message.text


def test_a_run_that_left_nothing_says_at_least_what_airflow_says() -> None:
    assert "task_failure" in message_of(context("failed")).text
    assert "unknown" in message_of({}).subject


def test_a_good_run_says_what_was_moved() -> None:
    message = message_of(context("success", report={"tenants": [TENANT], "differences": []}))
    assert message.subject == "nightly: 1 database, 1,234 rows moved"


def test_a_dump_says_what_it_holds_and_where() -> None:
    message = message_of(context("success", report={"directory": "/dumps/a", "tables": 3, "rows": 1234}))
    assert message.subject == "nightly: 3 tables, 1,234 rows dumped"
    assert "/dumps/a" in message.text


class Groups:
    """A task instance of a run of the user's DAG `two_groups`; what tasks left is by task and key."""

    def __init__(self, left: dict[tuple[str, str], Any]) -> None:
        self._left = left

    def xcom_pull(self, *, task_ids: list[str], key: str, **more: Any) -> list[Any]:
        return [self._left.get((task_id, key)) for task_id in task_ids]


def two_groups(state: str, left: dict[tuple[str, str], Any]) -> RunMessage:
    """The message of a run of a DAG of the user's, which has two groups and a task of its own."""
    with DAG("mine", schedule=None) as dag:
        for name in ("a", "b"):
            MigrationTaskGroup(name, source=SourceConfig("there", schemas=[name]), target=TargetConfig("here"))
        DumpTaskGroup("c", source=SourceConfig("there", schemas=["c"]), staging=StagingConfig("/dumps"))
        EmptyOperator(task_id="a_summary")
    return message_of(context(state) | {"dag": dag, "ti": Groups(left)})


@pytest.mark.parametrize("left", ["all is well", 7, ["x"], {"tenants": 5}, {"tenants": ["x", {"schema": "s"}]}])
def test_what_a_users_task_leaves_under_the_same_keys_is_not_taken_for_ours(left: Any) -> None:
    own = {("b.report", "report"): {"tenants": [TENANT], "differences": []}}
    users = {("a_summary", key): left for key in ("report", "failures", "fleet", RECORD)}
    assert two_groups("success", own | users).subject == "mine: 1 database, 1,234 rows moved"
    of_a_class_of_ours = {("a.report", key): left for key in ("report", "failures", "fleet", RECORD)}
    assert two_groups("success", own | of_a_class_of_ours).subject == "mine: 1 database, 1,234 rows moved"


def test_the_groups_of_a_run_have_one_message() -> None:
    left: dict[tuple[str, str], Any] = {
        ("a.report", "report"): {"tenants": [TENANT], "differences": []},
        ("b.report", "report"): {"tenants": [TENANT | {"schema": "bills", "rows": 6}], "differences": []},
        ("c.finish_dump", "report"): {"directory": "/dumps", "tables": 3, "rows": 70},
    }
    message = two_groups("success", left)
    assert message.subject == "mine: 3 tables, 70 rows dumped, 2 databases, 1,240 rows moved"
    for said in ("- shop: 1,234 rows", "- bills: 6 rows", "In /dumps"):
        assert said in message.text


def test_a_failure_is_told_with_the_databases_of_its_own_group() -> None:
    of_b, of_c = FAILURE | {"phase": "b.data_phase"}, FAILURE | {"phase": "c.dump_phase", "error": "no room"}
    left: dict[tuple[str, str], Any] = {
        ("a.report", "report"): {"tenants": [TENANT], "differences": []},
        ("a.report", "failures"): [],
        ("b.report", "report"): {"tenants": [TENANT | {"schema": "bills"}], "differences": ["bills: 1 of 2 chunks"]},
        ("b.report", "failures"): [of_b],
        ("c.dump_phase", RECORD): of_c,
    }
    message = two_groups("failed", left)
    assert message.subject == "mine: FAILED in b.data_phase"
    assert "Databases: bills\n" in message.text
    assert [failure.phase for failure in message.failures] == ["b.data_phase", "c.dump_phase"]
    assert message.differences == ["bills: 1 of 2 chunks"]


def test_a_fleet_names_its_broken_tenants() -> None:
    fleet = [
        {"tenant": "a", "state": "success", "rows": 1, "error": ""},
        {"tenant": "b", "state": "failed", "rows": 0, "error": "preflight: no privileges"},
    ]
    message = message_of(context("failed", fleet=fleet))
    assert message.subject == "nightly: 1 of 2 tenants FAILED"
    assert "- b: preflight: no privileges" in message.text
    assert "- a:" not in message.text


def test_many_failures_are_told_shortly() -> None:
    message = message_of(context("failed", failures=[FAILURE] * 500))
    assert "and 490 more" in message.text
    assert len(message.text) < 5_000


def test_a_deadline_that_has_passed_is_told_from_what_airflow_gives() -> None:
    given = {"dag_run": {"dag_id": "nightly", "run_id": "r", "state": "running"}, "deadline": {"id": "1"}}
    sent: list[RunMessage] = []

    async def run() -> None:
        async def send(message: RunMessage) -> None:
            sent.append(message)

        await MigrationNotifier(send, context=given)

    asyncio.run(run())
    assert "deadline" in sent[0].text
    assert (sent[0].dag_id, sent[0].succeeded) == ("nightly", False)


def test_a_web_hook_gets_the_message() -> None:
    with web_hook() as (url, received):

        def send(message: RunMessage) -> None:
            body = json.dumps({"text": message.text}).encode()
            urllib.request.urlopen(urllib.request.Request(url, body), timeout=10).close()

        MigrationNotifier(send)(context("failed", failures=[FAILURE]))
    assert FAILURE["error"] in json.loads(received[0])["text"]


def test_a_mail_goes_out_through_the_smtp_providers_notifier(monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server() as (port, received):
        extra = json.dumps({"disable_ssl": True, "disable_tls": True})
        connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection))

        def mail(message: RunMessage) -> SmtpNotifier:
            return SmtpNotifier(
                to="a@example.org", from_email="b@example.org", subject=message.subject, html_content=message.html
            )

        odd = "cannot copy shop.{{ 7 * 7 }}<img src=x>"
        MigrationNotifier(mail)(context("failed", failures=[FAILURE | {"error": odd}]))
    got = message_from_string(received[0])
    assert got["Subject"] == "nightly: FAILED in data_phase"
    (part,) = (part for part in got.walk() if part.get_content_type() == "text/html")
    body = part.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert b"shop.{{ 7 * 7 }}&lt;img" in body


def test_a_sender_that_fails_is_heard_of() -> None:
    def send(message: RunMessage) -> None:
        raise OSError("nobody listens")

    with pytest.raises(OSError, match="nobody listens"):
        MigrationNotifier(send)(context("failed"))


def test_a_sender_may_be_named_by_its_path() -> None:
    with pytest.raises(TypeError, match="RunMessage"):
        MigrationNotifier("json.dumps")(context("failed"))


@contextmanager
def web_hook() -> Iterator[tuple[str, list[bytes]]]:
    received: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server, serving(server):
        yield f"http://127.0.0.1:{server.server_port}/", received


@contextmanager
def mail_server() -> Iterator[tuple[int, list[str]]]:
    received: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 ready\r\n")
            while line := self.rfile.readline():
                if line.upper().startswith(b"DATA"):
                    self.wfile.write(b"354 go on\r\n")
                    lines = iter(self.rfile.readline, b".\r\n")
                    received.append(b"".join(lines).decode())
                self.wfile.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 well\r\n")
                if line.upper().startswith(b"QUIT"):
                    return

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server, serving(server):
        yield int(server.server_address[1]), received


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
