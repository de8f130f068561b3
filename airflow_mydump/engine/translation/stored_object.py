"""A view, routine, trigger or event of one vendor as the other vendor takes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from airflow_mydump.engine.ddl.sql_lexer import tokens_of
from airflow_mydump.engine.errors import DumpError
from airflow_mydump.engine.metadata.catalog import StoredObject
from airflow_mydump.engine.server.flavor import Vendor
from airflow_mydump.engine.server.sql_mode import MODES_REFUSED, MODES_WITHOUT_EFFECT
from airflow_mydump.engine.translation.choice import Findings
from airflow_mydump.engine.translation.collation import CollationMap
from airflow_mydump.engine.translation.function_check import unknown_functions

_REPLICA = {"mysql": "REPLICA", "mariadb": "SLAVE"}


@dataclass(frozen=True)
class ObjectTranslator:
    """Translates other objects than tables; what it has to say is added to ``findings``.

    Texts are taken over as they stand, but for the names of collations and the word for a replica. What the target
    cannot read for other reasons it refuses when the object is created, and the run fails then.
    """

    target: Vendor
    collations: CollationMap
    findings: Findings

    def translate(self, stored: StoredObject) -> StoredObject:
        """The object with a text and a state for the target; unchanged if something stands in the way."""
        if stored.kind == "sequence":
            self._refuse(stored, "has no equal on MySQL")
            return stored
        for name in unknown_functions(stored.definition, self.target, stored.sql_mode):
            self._refuse(stored, f"calls {name}(), which the target has not")
        return replace(
            stored,
            definition=self._text(stored),
            sql_mode=self._sql_mode(stored),
            collation=self.collations.translate(stored.collation),
            database_collation=self.collations.translate(stored.database_collation),
        )

    def _sql_mode(self, stored: StoredObject) -> str:
        modes = [mode for mode in stored.sql_mode.split(",") if mode]
        for mode in modes:
            if mode in MODES_REFUSED:
                self._refuse(stored, f"has the sql_mode {mode}, which the target has not")
        return ",".join(mode for mode in modes if mode not in MODES_WITHOUT_EFFECT)

    def _text(self, stored: StoredObject) -> str:
        """The definition with the target's names of collations and of a replica."""
        text = stored.definition
        try:
            tokens = [token for token in tokens_of(text, stored.sql_mode) if token.kind != "conditional"]
        except DumpError as error:
            self._refuse(stored, str(error))
            return text
        changes: list[tuple[int, int, str]] = []
        for before, token in pairwise(tokens):
            name = text[token.start : token.end].strip("`'\"")
            if before.text == "COLLATE" and token.kind in ("word", "name", "string"):
                changes.append((token.start, token.end, self.collations.translate(name.lower())))
            elif (before.text, token.text) in (("ON", "SLAVE"), ("ON", "REPLICA")) and stored.kind == "event":
                changes.append((token.start, token.end, _REPLICA[self.target]))
        for start, end, new in reversed(changes):
            text = text[:start] + new + text[end:]
        return text

    def _refuse(self, stored: StoredObject, what: str) -> None:
        self.findings.refuse(stored, what, "change it, or exclude it")
