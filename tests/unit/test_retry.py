"""A server that restarts is waited for, and workers do not come back all at once."""

from __future__ import annotations

import pytest

from airflow_mydump import cli
from airflow_mydump.dag_factory import ExecutionConfig
from airflow_mydump.engine.errors import ConfigurationError, ServerError
from airflow_mydump.engine.retry import Patience, retrying
from airflow_mydump.options.server import endpoint_of, patience_of


def test_a_server_that_is_away_for_a_minute_is_waited_for_by_default() -> None:
    patience = Patience()
    for _ in range(100):
        pauses = [patience.pause(attempt) for attempt in range(1, patience.attempts)]
        assert 60 < sum(pauses) < 100
        assert pauses[0] <= patience.first_pause_seconds
        assert max(pauses) <= patience.longest_pause_seconds


def test_pauses_grow_to_the_longest_and_differ() -> None:
    patience = Patience(5000, 0.1, 7)
    assert patience.pause(1) <= 0.1 < 0.15 <= patience.pause(2) <= 0.2
    assert 5.25 <= patience.pause(4999) <= 7
    assert len({patience.pause(10) for _ in range(20)}) > 10


def test_a_step_is_tried_as_often_as_was_said() -> None:
    tries: list[int] = []

    def fail() -> None:
        tries.append(1)
        raise ServerError(1213, "deadlock")

    with pytest.raises(ServerError):
        retrying(Patience(4, 0, 0))(fail)
    assert len(tries) == 4


@pytest.mark.parametrize(
    ("arguments", "named"),
    [((0,), "attempts"), ((3, -1), "first_pause_seconds"), ((3, 1, -1), "longest_pause_seconds")],
)
def test_what_cannot_be_right_is_named(arguments: tuple[int, ...], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        Patience(*arguments)


def test_factory_and_command_line_have_it() -> None:
    execution = ExecutionConfig(attempts=3, first_pause_seconds=0.1, longest_pause_seconds=2)
    assert execution.patience == Patience(3, 0.1, 2)
    assert ExecutionConfig().patience == Patience()
    with pytest.raises(ConfigurationError, match=r"ExecutionConfig\.attempts"):
        ExecutionConfig(attempts=0)
    for verb in (["copy", "--schemas", "a"], ["dump", "--schemas", "a", "--output", "d"], ["load", "--input", "d"]):
        flags = ["--attempts", "3", "--first-pause-seconds", "0.1", "--longest-pause-seconds", "2"]
        options = cli._parser().parse_args(
            [*verb, "--source" if verb[0] != "load" else "--target", "mysql://a@b/", *flags]
        )
        side = "target" if verb[0] == "load" else "source"
        assert endpoint_of(options, side).patience == Patience(3, 0.1, 2)  # type: ignore[arg-type]
        assert patience_of(cli._parser().parse_args(verb)) == Patience()
