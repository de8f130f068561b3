"""Accounts in the post phase: made before the objects that run as them, given their last privileges after those."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from airflow_mydump.engine import ledger
from airflow_mydump.engine.errors import ServerError
from airflow_mydump.engine.identifier import TableName
from airflow_mydump.engine.metadata.account import Account, account_names, read_accounts
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.endpoint import Endpoint
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.server.session_state import metadata


def new_accounts(
    source: Endpoint, target: Session, identity: PlanIdentity, users: Sequence[str], selection: Selection
) -> tuple[Account, ...]:
    """The selected accounts that the target does not have, or has of an earlier try of this run."""
    with Session(source, metadata) as session:
        accounts = read_accounts(session, users, selection)
    there = account_names(target)
    done = ledger.done_items(target, identity, "account")
    begun = ledger.begun_items(target, identity, "account")
    return tuple(
        account
        for account in accounts
        if _item(account) not in done and (account.name not in there or _item(account) in begun)
    )


def create_accounts(target: Session, identity: PlanIdentity, accounts: Sequence[Account]) -> None:
    """Make the accounts anew, with all their privileges but those on single objects.

    Raises ServerError naming the account; no statement is in the message.
    """
    if not accounts:
        return
    found = ledger.begin(target, identity, "account", {_item(account): _told(account) for account in accounts})
    for account in accounts:
        if found[_item(account)] == "started":
            _execute(target, account, [account.drop])
        _execute(target, account, [account.create])
    for account in accounts:
        _execute(target, account, account.grants)


def finish_accounts(target: Session, identity: PlanIdentity, accounts: Sequence[Account]) -> None:
    """Give the accounts their privileges on objects. Raises ServerError naming the account."""
    for account in accounts:
        _execute(target, account, account.object_grants)
    if accounts:
        ledger.finish(target, identity, "account", [_item(account) for account in accounts])


def _execute(target: Session, account: Account, statements: Iterable[str]) -> None:
    for statement in statements:
        try:
            target.execute(statement)
        except ServerError as error:
            # A syntax error would repeat the statement, and with it the hash of a password.
            message = "the server refused a statement" if error.number == 1064 else error.message
            raise ServerError(error.number, f"cannot make account {account.name}: {message}") from None


def _item(account: Account) -> str:
    return hashlib.sha256(account.name.encode()).hexdigest()[:40]


def _told(account: Account) -> TableName:
    return TableName("", account.name[:64])
