"""Accounts and roles with what they may do: read from one server, made on another of the same vendor.

The statements hold hashes of passwords. They are never written down or logged: a run reads them when it makes the
accounts, and what is shown has a mark in their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from airflow_mydump.engine.errors import PreflightError
from airflow_mydump.engine.identifier import quote
from airflow_mydump.engine.selection.selection import Selection
from airflow_mydump.engine.server.session import Session

_OF_THE_SERVER = re.compile(r"mysql\.\w+@localhost|mariadb\.sys@localhost|root@.*|PUBLIC")
_NAME = r"`(?:[^`]|``)*`"
_RECEIVER = re.compile(rf" (?:TO|FROM|FOR) (?P<account>{_NAME}(?:@{_NAME})?)(?P<rest>.*)\Z", re.DOTALL)
_GRANTED_ON = re.compile(
    rf"(?P<head>(?:GRANT|REVOKE) .+? ON (?:PROCEDURE |FUNCTION |TABLE )?)(?P<schema>{_NAME})\.(?P<thing>\*|{_NAME}) ",
    re.DOTALL,
)
_STRING = r"'(?:[^'\\]|\\.|'')*'"
_SECRET = re.compile(rf"\b(AS|BY PASSWORD|USING|BY) (?:{_STRING}|0x[0-9A-Fa-f]+)")


@dataclass(frozen=True)
class Account:
    """An account, ``user@host``, or a role of MariaDB, which has no host.

    ``grants`` can be made as soon as there are tables, ``object_grants`` when routines and views are there too.
    """

    name: str
    create: str = field(repr=False)
    grants: tuple[str, ...] = ()
    object_grants: tuple[str, ...] = ()

    @property
    def drop(self) -> str:
        """The statement that removes the account."""
        kind = "USER" if "@" in self.name else "ROLE"
        return f"DROP {kind} IF EXISTS {quoted_account(self.name)}"

    @property
    def shown(self) -> str:
        """Its statements with marks in the places of secrets."""
        return "; ".join((_SECRET.sub(r"\1 <secret>", self.create), *self.grants, *self.object_grants))


def quoted_account(name: str) -> str:
    """An account's or role's name in SQL."""
    user, at, host = name.rpartition("@")
    return f"{quote(user)}@{quote(host)}" if at else quote(host)


def account_names(session: Session) -> tuple[str, ...]:
    """All accounts and roles but the server's own, roles first. Raises ServerError (1142) if that is not allowed."""
    if session.flavor.vendor == "mysql":
        # A role is an account like others; it is one to whom others point.
        rows = session.pairs(
            "SELECT User, Host FROM mysql.user "
            "ORDER BY (User, Host) IN (SELECT FROM_USER, FROM_HOST FROM mysql.role_edges) DESC, User, Host"
        )
    else:
        rows = session.pairs("SELECT User, Host FROM mysql.user ORDER BY is_role DESC, User, Host")
    names = (f"{user}@{host}" if host else user for user, host in rows)
    return tuple(name for name in names if not _OF_THE_SERVER.fullmatch(name))


def read_accounts(session: Session, globs: Sequence[str], selection: Selection) -> tuple[Account, ...]:
    """The accounts that match a glob, and the roles that they have, as they are to be on the target.

    Privileges on databases that get another name follow it; those on single tables and routines are taken if their
    database is. Raises ServerError.
    """
    if session.flavor.vendor == "mysql":
        # Hashes of caching_sha2_password hold any bytes; as text they do not survive (MySQL 8.0.17 and later).
        session.execute("SET print_identified_with_as_hex = 1")
    names = account_names(session)
    wanted = {name for name in names if any(fnmatchcase(name, glob) for glob in globs)}
    roles = _roles(session)
    while more := {role for name in wanted for role in roles.get(name, ())} & set(names) - wanted:
        wanted |= more
    return tuple(read_account(session, name, selection) for name in names if name in wanted)


def read_account(session: Session, name: str, selection: Selection) -> Account:
    """One account. Raises ServerError."""
    if "@" in name:
        ((create,),) = session.text_rows(f"SHOW CREATE USER {quoted_account(name)}")
    else:
        create = f"CREATE ROLE {quote(name)}"
    lines = [line for (line,) in session.text_rows(f"SHOW GRANTS FOR {quoted_account(name)}")]
    grants = [grant for line in lines if (grant := _own(line, name)) is not None]
    first = [grant for grant in grants if not _is_on_object(grant)]
    later = [grant for grant in grants if _is_on_object(grant)]
    return Account(name, create, tuple(_renamed(first, selection)), tuple(_renamed(later, selection)))


def differences(ours: Account, theirs: Account) -> Iterator[str]:
    """What is different between two accounts of one name; secrets are compared and not told."""
    if ours.create != theirs.create:
        yield "password or options"
    if {*ours.grants, *ours.object_grants} != {*theirs.grants, *theirs.object_grants}:
        yield "privileges"


def _roles(session: Session) -> Mapping[str, list[str]]:
    """The roles of each account."""
    if session.flavor.vendor == "mysql":
        rows = session.text_rows("SELECT TO_USER, TO_HOST, FROM_USER, FROM_HOST FROM mysql.role_edges")
    else:
        rows = session.text_rows("SELECT User, Host, Role, '' FROM mysql.roles_mapping")
    roles: dict[str, list[str]] = {}
    for user, host, role, role_host in rows:
        name = f"{user}@{host}" if host else user
        roles.setdefault(name, []).append(f"{role}@{role_host}" if role_host else role)
    return roles


def _own(line: str, name: str) -> str | None:
    """A line of SHOW GRANTS as a statement; None if it is for one of the account's roles, or says nothing.

    MariaDB repeats in it the password, and the limits of resources, which CREATE USER has set. Raises PreflightError if
    it has another form.
    """
    found = _RECEIVER.search(line)
    if not found:
        shown = _SECRET.sub(r"\1 <secret>", line)
        raise PreflightError(f"what account {name} may do has a form that this version cannot read: {shown}")
    if found["account"] != quoted_account(name):
        return None
    option = re.search(r"\b(?:GRANT|ADMIN) OPTION\b", re.sub(_STRING, "", found["rest"]))
    if line.startswith("GRANT USAGE ON *.* ") and not option:
        return None
    return line[: found.end("account")] + (f" WITH {option[0]}" if option else "")


def _is_on_object(grant: str) -> bool:
    found = _GRANTED_ON.match(grant)
    return found is not None and found["thing"] != "*"


def _renamed(grants: Iterable[str], selection: Selection) -> Iterator[str]:
    for grant in grants:
        found = _GRANTED_ON.match(grant)
        if not found:
            yield grant
            continue
        pattern = found["schema"][1:-1].replace("``", "`")
        on_object = found["thing"] != "*"
        # In a grant on a whole database its name is a pattern, in which a backslash escapes.
        schema = pattern if on_object else re.sub(r"\\(.)", r"\1", pattern)
        if schema in selection.schemas:
            target = selection.target_schema(schema)
            new = target if on_object or target == schema else re.sub(r"([_%\\])", r"\\\1", target)
            new = pattern if target == schema else new
            yield f"{found['head']}{quote(new)}.{found['thing']} {grant[found.end() :]}"
        elif not on_object:
            yield grant
