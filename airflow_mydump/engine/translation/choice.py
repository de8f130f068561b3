"""What a user chose for a copy between vendors, and what a translation has to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.preflight.finding import Finding, blocker, warning

TYPES: Mapping[str, frozenset[str]] = {
    "uuid": frozenset({"char(36)"}),
    "inet4": frozenset({"varchar(15)"}),
    "inet6": frozenset({"varchar(39)"}),
    "json": frozenset({"longtext"}),
}
"""The types that have no equal, and what each may become if the user says so: a column with the same text."""


@dataclass(frozen=True)
class TranslationChoice:
    """What to do where vendors differ and nothing is meant by itself.

    ``collations`` maps a collation of the source to one of the target, in place of the published mapping. ``types``
    maps a type to one of those that `TYPES` has for it.

    Raises ConfigurationError if a type cannot become what is said.
    """

    collations: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, wanted in self.types.items():
            if wanted not in TYPES.get(name, ()):
                known = ", ".join(f"{kind}={'/'.join(sorted(choices))}" for kind, choices in TYPES.items())
                raise ConfigurationError(f"type {name} cannot become {wanted}; what can be chosen: {known}")

    @property
    def with_json_as_text(self) -> TranslationChoice:
        """The same, with JSON as a text that is checked to be JSON, whatever was said about it."""
        return replace(self, types={**self.types, "json": "longtext"})


@dataclass
class Findings:
    """What a translation found on its way."""

    warnings: list[Finding] = field(default_factory=list)
    blockers: list[Finding] = field(default_factory=list)

    def warn(self, thing: object, what: str, advice: str = "") -> None:
        """Note what a user should know."""
        self.warnings.append(warning(thing, what, advice))

    def refuse(self, thing: object, what: str, advice: str) -> None:
        """Note what stands in the way."""
        self.blockers.append(blocker(thing, what, advice))
