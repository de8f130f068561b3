"""Definers: the accounts that views, routines, triggers and events run as, and what it takes to name them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from airflow_mydump.engine.catalog import StoredObject
from airflow_mydump.engine.privilege import has_on_server, read_grants
from airflow_mydump.engine.session import Session

_DEFINER = re.compile(r"\bDEFINER\s*=\s*`((?:[^`]|``)*)`@`((?:[^`]|``)*)`")

_MAY_NAME_ANOTHER = {
    "mysql": ("SET_ANY_DEFINER", "SET_USER_ID", "SUPER"),
    "mariadb": ("SET USER", "SUPER"),
}
"""Any one is enough: SET_USER_ID became SET_ANY_DEFINER in MySQL 8.2; MariaDB has SET USER since 10.5."""


def definer_of(definition: str) -> str:
    """The definer that a definition names, as ``user@host``; empty if it names none."""
    found = _DEFINER.search(definition)
    return "@".join(part.replace("``", "`") for part in found.groups()) if found else ""


def obstacle(session: Session, objects: Iterable[StoredObject]) -> str:
    """Why the session's account may not create some of these objects on its server; empty if it may.

    Raises ServerError.
    """
    objects = list(objects)
    grants = read_grants(session)
    ((account,),) = session.text_rows("SELECT CURRENT_USER()")
    needed = _MAY_NAME_ANOTHER[session.flavor.vendor]
    if not any(has_on_server(grants, name) for name in needed):
        for stored in objects:
            if definer_of(stored.definition) not in ("", account):
                return (
                    f"{stored} has the definer {definer_of(stored.definition)}, and the target account {account} "
                    f"may not create objects for others: GRANT {needed[0]} ON *.* to it"
                )
    if not has_on_server(grants, "SUPER") and _distrusts_functions(session):
        for stored in objects:
            if stored.kind in ("function", "trigger"):
                return (
                    f"{stored} cannot be created by the target account {account} while the target writes a binary log: "
                    "SET GLOBAL log_bin_trust_function_creators = 1 there, or grant the account SUPER"
                )
    return ""


def _distrusts_functions(session: Session) -> bool:
    return bool(
        session.rows("SELECT 1 FROM DUAL WHERE @@GLOBAL.log_bin AND NOT @@GLOBAL.log_bin_trust_function_creators")
    )
