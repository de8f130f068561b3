"""Which tests run in one process, where several share them: those of the same servers, which start slowly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

_TESTS = Path(__file__).parent
_LONGEST_FIRST = ("e2e", "integration", "faults", "scenarios", "soak", "unit")
_SERVERS = ("pair", "scene", "direction")


@pytest.hookimpl(tryfirst=True)  # xdist looks at the marks in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _LONGEST_FIRST.index(_folder(item)))
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(_TESTS).parts[0]


def _group(item: pytest.Item) -> str:
    folder = _folder(item)
    if folder == "e2e":
        return folder  # one Airflow with all servers
    chosen: Mapping[str, object] = item.callspec.params if hasattr(item, "callspec") else {}
    servers = next((str(chosen[name]) for name in _SERVERS if name in chosen), None)
    return f"{folder} {servers}" if servers else str(item.path)
