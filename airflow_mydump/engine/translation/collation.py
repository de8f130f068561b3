"""Which collation of one vendor stands for one of the other.

A name that both servers have is taken for the same collation. MySQL's utf8mb4_0900_* and MariaDB's
utf8mb4_uca1400_nopad_* both do without padding; they follow Unicode 9 and 14, which order characters that the older
one does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_mydump.engine.server.flavor import Vendor
from airflow_mydump.engine.server.session import Session
from airflow_mydump.engine.translation.choice import Findings

_LANGUAGES = {
    "": "", "de_pb_": "german2_", "is_": "icelandic_", "lv_": "latvian_", "ro_": "romanian_", "sl_": "slovenian_",
    "pl_": "polish_", "et_": "estonian_", "es_": "spanish_", "sv_": "swedish_", "tr_": "turkish_", "cs_": "czech_",
    "da_": "danish_", "lt_": "lithuanian_", "sk_": "slovak_", "es_trad_": "spanish2_", "la_": "roman_",
    "eo_": "esperanto_", "hu_": "hungarian_", "hr_": "croatian_", "vi_": "vietnamese_",
}  # fmt: skip
_STRENGTHS = ("ai_ci", "as_ci", "as_cs")

TO_MARIADB: Mapping[str, str] = {
    f"utf8mb4_{theirs}0900_{strength}": f"utf8mb4_uca1400_{ours}nopad_{strength}"
    for theirs, ours in _LANGUAGES.items()
    for strength in _STRENGTHS
} | {"utf8mb4_0900_bin": "utf8mb4_nopad_bin"}
"""The published mapping from MySQL to MariaDB."""

TO_MYSQL: Mapping[str, str] = {
    **{theirs: ours for ours, theirs in TO_MARIADB.items()},
    **{
        theirs.replace("nopad_", ""): ours
        for ours, theirs in TO_MARIADB.items()
        if theirs.startswith("utf8mb4_uca1400_")
    },
}
"""The published mapping from MariaDB to MySQL, which has no padding variants of these."""

_EXACT = frozenset({"utf8mb4_0900_bin", "utf8mb4_nopad_bin"})


def target_collations(session: Session) -> frozenset[str]:
    """The full names of all collations of a server. Raises ServerError."""
    rows = session.text_rows("SHOW COLLATION")
    names = {row[0] for row in rows}
    if session.flavor.vendor == "mariadb":
        # 10.10 and later have collations for several character sets, which SHOW COLLATION names without one.
        names |= {f"{charset}_{row[0]}" for row in rows if not row[1] for charset in ("utf8mb4", "utf8mb3", "ucs2")}
    return frozenset(names)


@dataclass
class CollationMap:
    """Translates collations, and remembers for which it had something to say."""

    target: Vendor
    available: frozenset[str]
    chosen: Mapping[str, str]
    findings: Findings
    _known: dict[str, str] = field(default_factory=dict)

    def translate(self, collation: str) -> str:
        """The collation on the target; the source's own where there is none, which is among the findings then."""
        if collation and collation not in self._known:
            self._known[collation] = self._find(collation)
        return self._known.get(collation, "")

    def changes(self, collation: str) -> bool:
        """Whether the target orders and compares by another collation than the source."""
        return self.translate(collation) != collation

    def _find(self, collation: str) -> str:
        published = (TO_MARIADB if self.target == "mariadb" else TO_MYSQL).get(collation, collation)
        wanted = self.chosen.get(collation, published)
        if wanted not in self.available:
            self.findings.refuse(
                "the target", f"has no collation {wanted} for {collation}", "choose one of its own (collations)"
            )
            return collation
        if wanted != collation and not {wanted, collation} <= _EXACT:
            self.findings.warn(
                f"collation {collation}",
                f"becomes {wanted}: order and equality may differ; a unique key that has two equal values then fails "
                "the load",
            )
        return wanted
