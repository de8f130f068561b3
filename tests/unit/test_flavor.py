"""Vendor and version are read from every greeting that servers send."""

from __future__ import annotations

import pytest

from airflow_mydump.engine.server.flavor import Flavor


@pytest.mark.parametrize(
    "greeting, vendor, version",
    [
        ("10.11.19-MariaDB-deb12u1", "mariadb", (10, 11, 19)),
        ("5.5.5-10.6.18-MariaDB-log", "mariadb", (10, 6, 18)),
        ("11.4.2-MariaDB", "mariadb", (11, 4, 2)),
        ("5.5.68-MariaDB", "mariadb", (5, 5, 68)),
        ("8.4.3", "mysql", (8, 4, 3)),
        ("9.7.4", "mysql", (9, 7, 4)),
        ("9.7.4-commercial", "mysql", (9, 7, 4)),
        ("26.7.0", "mysql", (26, 7, 0)),
        ("8.0.36-28 Percona Server", "mysql", (8, 0, 36)),
        ("5.7.44-48-log", "mysql", (5, 7, 44)),
        ("5.5.5-ndb", "mysql", (5, 5, 5)),
        ("8.0-azure", "mysql", (8, 0, 0)),
    ],
)
def test_greetings_are_read(greeting: str, vendor: str, version: tuple[int, int, int]) -> None:
    flavor = Flavor.parse(greeting)
    assert (flavor.vendor, flavor.version) == (vendor, version)


@pytest.mark.parametrize("greeting", ["", "MariaDB", "x.y.z"])
def test_a_greeting_without_a_version_is_refused(greeting: str) -> None:
    with pytest.raises(ValueError, match="no version number"):
        Flavor.parse(greeting)


def test_versions_compare_as_numbers() -> None:
    assert Flavor.parse("10.11.2-MariaDB").version > Flavor.parse("10.6.18-MariaDB").version
    assert Flavor.parse("26.7.0").version > Flavor.parse("9.7.4").version


def test_a_flavor_is_named_as_people_do() -> None:
    assert str(Flavor.parse("10.11.19-MariaDB")) == "MariaDB 10.11.19"
    assert str(Flavor.parse("9.7.4")) == "MySQL 9.7.4"
