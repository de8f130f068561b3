"""Dump, restore and copy MySQL and MariaDB tenants in parallel from Apache Airflow."""

from __future__ import annotations

__version__ = "0.1.0"


def provider_info() -> dict[str, object]:
    """What Airflow's providers manager reads; the entry point ``apache_airflow_provider``."""
    return {
        "package-name": "airflow-mydump",
        "name": "MySQL tenant migration (mydump)",
        "description": "Dump, restore and copy MySQL and MariaDB tenants in parallel, exactly once and verified.",
        "versions": [__version__],
    }
