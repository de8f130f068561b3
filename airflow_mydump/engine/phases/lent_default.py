"""The databases' defaults while objects are made, which keep for ever the one that they were made under."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace

from airflow_mydump.engine import ledger
from airflow_mydump.engine.ddl.create_table import schema_statements
from airflow_mydump.engine.errors import MydumpError
from airflow_mydump.engine.identifier import quote
from airflow_mydump.engine.ledger import LentDefault
from airflow_mydump.engine.metadata.catalog import Schema
from airflow_mydump.engine.metadata.schema_catalog import read_schemas
from airflow_mydump.engine.plan_identity import PlanIdentity
from airflow_mydump.engine.server.session import Session


class LentDefaults:
    """The defaults of a run's databases. ``own`` are those that they are to have in the end, by target name.

    For a ``session`` in its turn with the databases' objects (`objects_turn`).
    """

    def __init__(self, session: Session, identity: PlanIdentity, own: Mapping[str, Schema]) -> None:
        self._session = session
        self._identity = identity
        self._own = own
        self._lent: dict[str, LentDefault] = {}

    def lend(self, schema: str, collation: str) -> None:
        """Let a database, which the session uses, have another default. The ledger has its own before. Raises
        ServerError."""
        (current,) = self._session.texts("SELECT @@collation_database")
        if current == collation:
            return
        lent = self._lent.get(schema, LentDefault(self._own[schema], ()))
        # With that of an earlier try, which this note takes the place of.
        self._lent[schema] = lent = replace(lent, meanwhile=(*dict.fromkeys((*lent.meanwhile, current, collation)),))
        ledger.note_default(self._session, self._identity, lent)
        self._session.execute(f"ALTER DATABASE {quote(schema)} COLLATE {collation}")

    def give_back(self, schemas: Iterable[str]) -> None:
        """Let databases have their own defaults. Raises ServerError."""
        found, wanted = read_schemas(self._session), {name: self._own[name] for name in schemas}
        for name, own in wanted.items():
            if found.get(name) != own:  # 1.5 s on MySQL 9.7 where it has 6,111 tables
                self._session.execute(schema_statements(own, name)[1])
        ledger.forget_defaults(self._session, self._identity, wanted)

    @contextmanager
    def given_back(self) -> Iterator[None]:
        """At the end of the context all databases have their own defaults, and after an error those that had others
        meanwhile, if the session still can. Raises ServerError."""
        try:
            yield
        except BaseException:
            with suppress(MydumpError):
                self.give_back(self._lent)
            raise
        self.give_back(self._own)


def own_defaults(session: Session, ledger_name: str) -> dict[str, Schema]:
    """The databases of a server with the defaults that are their own: not those that a run gave them and, because it
    was killed, did not take back. In turn as `LentDefaults`. Raises ServerError."""
    found = read_schemas(session)
    for lent in ledger.lent_defaults(session, ledger_name):
        its = found.get(lent.own.name)
        if its and its.collation in lent.meanwhile:
            found[lent.own.name] = lent.own
    return found
