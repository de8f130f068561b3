"""Definers: the accounts that views, routines, triggers and events run as, and what it takes to name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from airflow_mydump.engine.ddl.sql_lexer import Token, tokens_of
from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.identifier import quote
from airflow_mydump.engine.metadata.catalog import StoredObject
from airflow_mydump.engine.server.session import Session

Definers = Literal["keep", "strip"] | Mapping[str, str]
"""What to do with definers: keep them, strip them (the target's account becomes the definer), or give those named
others (``{"old@host": "new@host"}``)."""

MAY_NAME_ANOTHER = {
    "mysql": ("SET_ANY_DEFINER", "SET_USER_ID", "SUPER"),
    "mariadb": ("SET USER", "SUPER"),
}
"""Any one is enough: SET_USER_ID became SET_ANY_DEFINER in MySQL 8.2; MariaDB has SET USER since 10.5."""

_END_OF_HEAD = frozenset({"VIEW", "FUNCTION", "PROCEDURE", "TRIGGER", "EVENT"})


@dataclass(frozen=True)
class DefinerClause:
    """Where a definition names its definer, and whom: ``user@host``, or a role's bare name (MariaDB)."""

    start: int
    end: int
    account: str


def require_known(definers: Definers) -> None:
    """Raise ConfigurationError unless the choice is one of those that `Definers` has."""
    if isinstance(definers, str):
        if definers not in ("keep", "strip"):
            raise ConfigurationError(f"definers is keep, strip, or a mapping from old to new, not {definers!r}")
    elif odd := [name for pair in definers.items() for name in pair if not all(name.rpartition("@")[::2])]:
        raise ConfigurationError(f"definers: {odd[0]!r} does not have the form user@host")


def definer_of(stored: StoredObject) -> str:
    """The definer that an object's definition names, as ``user@host``; empty if it names none."""
    clause = _clause(stored)
    return clause.account if clause else ""


def definer_clause(stored: StoredObject) -> str:
    """The clause of an object's definition that names its definer, as it stands there; empty if there is none."""
    clause = _clause(stored)
    return stored.definition[clause.start : clause.end] if clause else ""


def with_definer(stored: StoredObject, definers: Definers) -> StoredObject:
    """The object as it is to be created on the target."""
    clause = _clause(stored) if definers != "keep" else None
    if clause is None:
        return stored
    text = stored.definition
    if definers == "strip":
        rest = text[clause.end :].lstrip()
        return replace(stored, definition=text[: clause.start] + rest)
    assert not isinstance(definers, str)
    new = definers.get(clause.account)
    if new is None:
        return stored
    user, _, host = new.rpartition("@")
    return replace(stored, definition=f"{text[: clause.start]}DEFINER={quote(user)}@{quote(host)}{text[clause.end :]}")


def current_account(session: Session) -> str:
    """The account that a session was let in as, ``user@host``. Raises ServerError."""
    ((account,),) = session.text_rows("SELECT CURRENT_USER()")
    return account


def _clause(stored: StoredObject) -> DefinerClause | None:
    """The clause in the head of the definition; in a body the same words mean something else."""
    head: list[Token] = []
    for token in tokens_of(stored.definition, stored.sql_mode):
        if token.kind == "word" and token.text in _END_OF_HEAD:
            break
        head.append(token)
    for index, (token, after) in enumerate(pairwise(head)):
        if token.text == "DEFINER" and after.text == "=":
            account = _account(stored.definition, head[index + 2 : index + 5])
            return DefinerClause(token.start, account[-1].end, _name(stored.definition, account)) if account else None
    return None


def _account(text: str, tokens: list[Token]) -> list[Token]:
    """The tokens of an account; none for CURRENT_USER, which names nobody."""
    if not tokens or tokens[0].text in ("CURRENT_USER", "CURRENT_ROLE"):
        return []
    return tokens if len(tokens) == 3 and tokens[1].text == "@" else tokens[:1]


def _name(text: str, account: list[Token]) -> str:
    return "@".join(
        token.identifier if token.kind in ("name", "string") else text[token.start : token.end]
        for token in account[::2]
    )
