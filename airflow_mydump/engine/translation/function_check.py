"""Looks in a text for functions that the target does not have."""

from __future__ import annotations

from itertools import pairwise

from airflow_mydump.engine.ddl.sql_lexer import tokens_of
from airflow_mydump.engine.errors import DumpError
from airflow_mydump.engine.server.flavor import Vendor
from airflow_mydump.engine.translation.vocabulary import FUNCTIONS_UNKNOWN


def unknown_functions(text: str, target: Vendor, sql_mode: str = "") -> list[str]:
    """The names of the functions in the text that a server of this vendor does not have, in their order."""
    unknown = FUNCTIONS_UNKNOWN[target]
    try:
        tokens = list(tokens_of(text, sql_mode))
    except DumpError:
        return []
    found = [
        token.text.lower()
        for token, after in pairwise(tokens)
        if token.kind == "word" and after.text == "(" and token.text.lower() in unknown
    ]
    return list(dict.fromkeys(found))
