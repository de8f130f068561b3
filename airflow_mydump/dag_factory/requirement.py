"""How a config says which of its fields is wrong."""

from __future__ import annotations

from airflow_mydump.engine.errors import ConfigurationError


def require(config: object, name: str, holds: bool, what: str) -> None:
    """Raise ConfigurationError naming the config and its field, unless what is required holds."""
    if not holds:
        raise ConfigurationError(f"{type(config).__name__}.{name} {what}: {getattr(config, name)!r}")
