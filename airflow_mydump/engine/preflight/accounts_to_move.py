"""Accounts that a run is to make: whether it can, and what it will do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.metadata.account import account_names, differences, read_account, read_accounts
from airflow_mydump.engine.preflight.finding import Finding, blocker, warning
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.privilege import has_on_server, read_grants
from airflow_mydump.engine.server.session import Session

_SELECT_DENIED = 1142


def coming_accounts(source: Session, users: Sequence[str], selection: Selection) -> frozenset[str]:
    """The names of the accounts that a run makes, unless they are there. Raises ServerError."""
    return frozenset(account.name for account in read_accounts(source, users, selection)) if users else frozenset()


def findings(source: Session, target: Session, users: Sequence[str], selection: Selection) -> Iterator[Finding]:
    """Blockers if accounts cannot be moved; a warning for each one, with its statements or its differences.

    Raises ServerError.
    """
    if not users:
        return
    if source.flavor.vendor != target.flavor.vendor:
        yield blocker(
            "accounts", "are moved between servers of one vendor only", "make them by hand, or leave out users"
        )
        return
    if not has_on_server(read_grants(target), "CREATE USER"):
        yield blocker(
            f"target account {target.endpoint.user}",
            "may not create accounts",
            "GRANT CREATE USER ON *.* to it, with every privilege that it is to pass on WITH GRANT OPTION",
        )
    try:
        accounts = read_accounts(source, users, selection)
        there = account_names(target)
    except ServerError as error:
        if error.number != _SELECT_DENIED:
            raise
        yield blocker("accounts", f"cannot be read: {error}", "GRANT SELECT ON mysql.* to both sides' accounts")
        return
    if not accounts:
        yield blocker(f"users {', '.join(users)}", "match no account of the source", "check the globs")
    for account in accounts:
        if account.name not in there:
            yield warning(f"account {account.name}", f"will be created: {account.shown}", "")
        elif differing := list(differences(account, read_account(target, account.name, selection))):
            yield warning(
                f"account {account.name}",
                f"is on the target with other {' and '.join(differing)}, and is left as it is there",
                "change it by hand, or remove it there",
            )
