"""The command line says what it can do, and refuses what it cannot with status 2 and one sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from airflow_mydump import cli

ROOT = Path(__file__).resolve().parents[2]
SERVERS = ("--source", "mysql://a@127.0.0.1:1/", "--target", "mysql://b@127.0.0.1:2/")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "airflow_mydump", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_help_names_every_verb() -> None:
    done = run("--help")
    assert done.returncode == 0
    for verb in ("copy", "verify"):
        assert verb in done.stdout


def test_help_of_copy_names_every_option() -> None:
    done = run("copy", "--help")
    assert done.returncode == 0
    for option in ("source", "target", "schemas", "rename", "include", "exclude", "threads", "chunk-bytes", "if-exists",
                   "run-key", "work-directory"):  # fmt: skip
        assert f"--{option}" in done.stdout
    for mode in ("fail", "truncate", "drop", "skip"):
        assert mode in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("copy",),
        ("copy", *SERVERS),
        ("copy", *SERVERS, "--schemas", "a", "--threads", "0"),
        ("copy", *SERVERS, "--schemas", "a", "--threads", "many"),
        ("copy", *SERVERS, "--schemas", "a", "--chunk-bytes", "64MB"),
        ("copy", *SERVERS, "--schemas", "a", "--chunk-bytes", "0"),
        ("copy", *SERVERS, "--schemas", "a", "--if-exists", "overwrite"),
        ("copy", *SERVERS, "--schemas", "a", "--rename", "a"),
        ("copy", *SERVERS, "--schemas", "a", "--rename", "=b"),
        ("copy", *SERVERS, "--schemas", "a", "--partitions", "a.t="),
        ("copy", *SERVERS, "--schemas", "a", "--partitions", "t=p"),
        ("copy", *SERVERS, "--schemas", "a", "--content", "rows"),
        ("copy", *SERVERS, "--schemas", "a", "--nonsense"),
    ],
)
def test_bad_usage_ends_with_status_2(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert error.splitlines()[-1].startswith("airflow_mydump")


@pytest.mark.parametrize(
    "arguments, reason",
    [
        (("copy", "--schemas", "a"), "name the source"),
        (("copy", "--schemas", "a", "--source", "mysql://h/"), "name the target"),
        (("copy", "--schemas", "a", *SERVERS[:2], "--target", "h:3306"), "has the form"),
        (("copy", "--schemas", "", *SERVERS), "at least one"),
        (("copy", "--schemas", "a,mysql", *SERVERS), "belongs to the server"),
        (("copy", "--schemas", "a", "--rename", "b=c", *SERVERS), "not selected"),
        (("copy", "--schemas", "a", *SERVERS, "--work-directory", "nonsense://x"), "work directory"),
        (("verify", "--schemas", "a"), "name the source"),
    ],
)
def test_a_command_that_cannot_be_right_is_one_sentence(
    arguments: tuple[str, ...], reason: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for side in ("SOURCE", "TARGET"):
        monkeypatch.delenv(f"MYDUMP_{side}_URI", raising=False)
        monkeypatch.delenv(f"MYDUMP_{side}_PASSWORD", raising=False)
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert reason in error
    assert error.count("\n") == 1


def test_a_failure_is_status_1_and_one_sentence() -> None:
    done = run("copy", "--schemas", "a", *SERVERS)
    assert done.returncode == 1
    assert done.stderr.startswith("airflow_mydump: cannot connect to a@127.0.0.1:1")
    assert done.stderr.count("\n") == 1


def test_an_interruption_is_status_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "migrate", interrupt)
    assert cli.main(["copy", "--schemas", "a", *SERVERS]) == 130
    assert capsys.readouterr().err == "airflow_mydump: interrupted; the same --run-key goes on\n"


def test_to_be_told_to_end_is_status_143(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def receive(*arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)

    monkeypatch.setattr(cli, "make_dump", receive)
    before = signal.getsignal(signal.SIGTERM)
    assert cli.main(["dump", "--schemas", "a", "--output", str(tmp_path), *SERVERS[:2]]) == 143
    assert capsys.readouterr().err == "airflow_mydump: terminated; the same command goes on\n"
    assert signal.getsignal(signal.SIGTERM) is before
