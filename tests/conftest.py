"""Which tests run in one process, where two share them: those of the same servers, which start slowly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

_LONGEST_FIRST = ("e2e", "integration", "faults", "scenarios", "soak", "unit")
_SERVERS = re.compile(r"\[(?:.*-)?((?:mariadb|mysql)-to-(?:mariadb|mysql))\b|\[(mariadb|mysql)\b")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _LONGEST_FIRST.index(_folder(item.nodeid)))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return _ByServers(config, log)


class _ByServers(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    def _split_scope(self, nodeid: str) -> str:
        folder = _folder(nodeid)
        if folder == "e2e":
            return folder  # one Airflow with all servers
        servers = _SERVERS.search(nodeid)
        return f"{folder} {servers[1] or servers[2]}" if servers else nodeid.partition("::")[0]


def _folder(nodeid: str) -> str:
    return nodeid.split("/")[1]
