"""URIs are read as written, and a password is shown nowhere."""

from __future__ import annotations

import pickle
import traceback
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.server.endpoint import Endpoint, parse_ssl_mode


def test_a_uri_is_read() -> None:
    endpoint = Endpoint.from_uri("mysql://ann:pw@db.example:3307/?ssl_mode=verify_ca&ssl_ca=/ca.pem")
    assert (endpoint.host, endpoint.port, endpoint.user, endpoint.password) == ("db.example", 3307, "ann", "pw")
    assert (endpoint.ssl_mode, endpoint.ssl_ca) == ("VERIFY_CA", "/ca.pem")


def test_what_is_left_out_has_defaults() -> None:
    endpoint = Endpoint.from_uri("mysql://db.example")
    assert (endpoint.port, endpoint.user, endpoint.password, endpoint.ssl_mode) == (3306, "", "", None)


def test_a_password_from_elsewhere_fills_in_and_does_not_override() -> None:
    assert Endpoint.from_uri("mysql://ann@h/", "other").password == "other"
    assert Endpoint.from_uri("mysql://ann:own@h/", "other").password == "own"
    assert Endpoint.from_uri("mysql://ann:@h/", "other").password == ""


@given(user=st.text(min_size=1), password=st.text())
def test_percent_encoding_carries_any_user_and_password(user: str, password: str) -> None:
    endpoint = Endpoint.from_uri(f"mysql://{quote(user, safe='')}:{quote(password, safe='')}@h:1/")
    assert (endpoint.user, endpoint.password, endpoint.host, endpoint.port) == (user, password, "h", 1)


def test_an_ipv6_address_is_a_host() -> None:
    endpoint = Endpoint.from_uri("mysql://ann@[::1]:3307/")
    assert (endpoint.host, endpoint.port) == ("::1", 3307)


@pytest.mark.parametrize(
    "uri",
    [
        "", "mysql", "db.example:3306", "postgresql://h/", "mysql://", "mysql:///", "mysql://ann:s3cret@/",
        "mysql://h:port/", "mysql://h:65536/", "mysql://h:-1/", "mysql://h:0/", "mysql://h/?nonsense=1",
        "mysql://h/?ssl_mode=", "mysql://h/?ssl_mode=PREFERRED", "mysql://h/?ssl_mode=on", "mysql://[::1", "mysql://h/database",
        "mysql://h/#x", "mysql://ann:12#s3cret@h/", "mysql://ann:12/s3cret@h/", "mysql://ann:[s3cret@h/", "mysql://ann:s3cret\u2100@h/",
    ],
)  # fmt: skip
def test_a_uri_that_cannot_be_right_is_refused_without_its_password(uri: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        Endpoint.from_uri(uri)
    shown = "".join(traceback.format_exception(error.value))
    assert "s3cret" not in str(error.value)
    assert "Error: netloc" not in shown


def test_the_password_is_in_no_representation() -> None:
    endpoint = Endpoint.from_uri("mysql://ann:s3cret@h/")
    for shown in (str(endpoint), repr(endpoint), f"{endpoint}", f"{endpoint!r}", repr([endpoint])):
        assert "s3cret" not in shown
    assert str(endpoint) == "ann@h:3306"


def test_worker_processes_get_the_password() -> None:
    endpoint = Endpoint.from_uri("mysql://ann:s3cret@h/?ssl_mode=REQUIRED")
    assert pickle.loads(pickle.dumps(endpoint)) == endpoint


@pytest.mark.parametrize("name", ["disabled", "Required", "VERIFY_CA", "verify_identity"])
def test_ssl_modes_are_known_in_any_case(name: str) -> None:
    assert parse_ssl_mode(name) == name.upper()


@pytest.mark.parametrize("name", ["PREFERRED", "", "true", "VERIFY-CA"])
def test_a_mode_that_falls_back_to_plain_text_is_no_mode(name: str) -> None:
    with pytest.raises(ConfigurationError, match="is not one of"):
        parse_ssl_mode(name)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_loopback_needs_no_tls(host: str) -> None:
    assert Endpoint.from_uri(f"mysql://{host}/").effective_ssl_mode == "DISABLED"
    assert Endpoint.from_uri(f"mysql://{host}/?ssl_mode=VERIFY_CA").effective_ssl_mode == "VERIFY_CA"


@pytest.mark.parametrize("host", ["db.example", "10.0.0.1", "localhost.evil.example", "0.0.0.0", "[fe80::1]"])
def test_a_network_is_crossed_with_full_verification_only(host: str) -> None:
    assert Endpoint.from_uri(f"mysql://{host}/").effective_ssl_mode == "VERIFY_IDENTITY"


def test_a_socket_file_is_local() -> None:
    endpoint = Endpoint.from_uri("mysql://ann@db.example/?unix_socket=/run/s")
    assert endpoint.is_local
    assert str(endpoint) == "ann@/run/s"
