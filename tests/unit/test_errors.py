"""Errors cross process borders unchanged, and only those that may pass are tried again."""

from __future__ import annotations

import pickle

import pytest

from airflow_mydump.engine import errors
from airflow_mydump.engine.error_number import TERMINAL, TRANSIENT
from airflow_mydump.engine.retry import is_transient

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.MydumpError)]


def make(kind: type[errors.MydumpError]) -> errors.MydumpError:
    return errors.ServerError(1213, "deadlock") if kind is errors.ServerError else kind("what happened")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_errors_survive_pickling(kind: type[errors.MydumpError]) -> None:
    error = make(kind)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert str(copy) == str(error)
    assert copy.args == error.args
    assert vars(copy) == vars(error)


def test_a_server_error_says_what_was_being_done() -> None:
    error = errors.ServerError(1146, "no such table").during("cannot load a.t").during("cannot load a.t")
    assert (error.number, str(error)) == (1146, "cannot load a.t: no such table (error 1146)")


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    assert errors.__doc__ is not None
    for kind in KINDS:
        assert kind.__name__ in errors.__doc__


@pytest.mark.parametrize("number", [1205, 1213, 1040, 2006, 2013])
def test_what_passes_by_itself_is_tried_again(number: int) -> None:
    assert is_transient(errors.ServerError(number, "x"))


def test_what_only_a_person_can_cure_is_not_tried_by_airflow_either() -> None:
    assert not errors.ServerError(1142, "x").retryable
    assert not errors.ServerError(1142, "x").during("loading").retryable
    assert errors.ServerError(1205, "x").retryable
    assert errors.ServerError(1836, "read-only, until somebody finished a failover").retryable
    assert not errors.AccessError("x").retryable
    assert not is_transient(errors.AccessError("x"))
    assert not TRANSIENT & TERMINAL


@pytest.mark.parametrize("number", [0, 1045, 1062, 1064, 1146, 1264, 1366])
def test_what_stays_is_not_tried_again(number: int) -> None:
    assert not is_transient(errors.ServerError(number, "x"))


def test_a_collision_is_tried_again_and_a_difference_is_not() -> None:
    assert is_transient(errors.FramingCollision("x"))
    assert is_transient(errors.ConnectError("x"))
    for kind in (errors.VerificationError, errors.IncompleteRunError, errors.PreflightError, errors.LoadMismatchError):
        assert not is_transient(kind("x"))
    assert not is_transient(ValueError("x"))
