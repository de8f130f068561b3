"""Whether an event runs when its time comes, as its definition says."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from airflow_mydump.engine.ddl.definer import definer_clause
from airflow_mydump.engine.ddl.sql_lexer import Token, tokens_of
from airflow_mydump.engine.identifier import TableName, quote
from airflow_mydump.engine.metadata.catalog import StoredObject


def is_enabled(stored: StoredObject) -> bool:
    """Whether the object is an event whose definition says that it runs."""
    return stored.kind == "event" and _enable(stored) is not None


def disabled(stored: StoredObject) -> StoredObject:
    """An enabled event as one that does not run yet."""
    word = _enable(stored)
    assert word, "only called for what is_enabled took"
    text = stored.definition
    return replace(stored, definition=f"{text[: word.start]}DISABLE{text[word.end :]}")


def enabling(stored: StoredObject, target: TableName) -> str:
    """The statement, for a session that uses its database, that lets the event run.

    It names the definer: without, the account that alters an event becomes it (MariaDB 10.11, MySQL 9.7).
    """
    return " ".join(filter(None, ("ALTER", definer_clause(stored), "EVENT", quote(target.name), "ENABLE")))


def _enable(stored: StoredObject) -> Token | None:
    for before, token in pairwise(tokens_of(stored.definition, stored.sql_mode)):
        if token.kind == "word" and token.text == "DO":
            return None
        if (before.text, token.text) == ("PRESERVE", "ENABLE"):
            return token
    return None
