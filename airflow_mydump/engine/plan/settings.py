"""What a user says about how a run is planned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.ledger_guard import require_ledger
from airflow_mydump.engine.plan.adaptation import Adaptation
from airflow_mydump.engine.plan.bundle import MOST
from airflow_mydump.engine.plan.plan import IfExists
from airflow_mydump.engine.plan.planner import DEFAULT_CHUNK_BYTES, Cutting, Strategy
from airflow_mydump.engine.selection.selection import LEDGER_SCHEMA
from airflow_mydump.engine.translation.choice import TranslationChoice


@dataclass(frozen=True)
class PlanSettings:
    """How to plan: the size of a chunk, how many workers will share the bundles, how many bundles at most, whether
    large tables get their secondary keys after the data, whether rows will be verified, what the user chose for a
    target of another vendor, how definitions are adapted to the target, which accounts come along (globs), and in which
    database of the target the run is recorded."""

    if_exists: IfExists = "truncate"
    chunk_bytes: int = DEFAULT_CHUNK_BYTES
    concurrency: int = 4
    max_bundles: int = MOST
    defer_keys: bool = True
    strategy: Strategy = "adaptive"
    max_key_prefix_length: int = 0
    adaptation: Adaptation = field(default_factory=Adaptation)
    users: tuple[str, ...] = ()
    verify: bool = True
    translation: TranslationChoice = field(default_factory=TranslationChoice)
    ledger: str = LEDGER_SCHEMA

    def __post_init__(self) -> None:
        for name in ("chunk_bytes", "concurrency", "max_bundles"):
            if getattr(self, name) < 1:
                raise ConfigurationError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.strategy not in get_args(Strategy):
            raise ConfigurationError(f"strategy is one of {', '.join(get_args(Strategy))}, not {self.strategy!r}")
        if self.max_key_prefix_length < 0:
            raise ConfigurationError(f"max_key_prefix_length is 0 or more, not {self.max_key_prefix_length}")
        require_ledger(self.ledger)

    @property
    def cutting(self) -> Cutting:
        """How tables are cut."""
        return Cutting(self.chunk_bytes, self.strategy, self.max_key_prefix_length)
