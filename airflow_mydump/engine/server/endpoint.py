"""Where a server is and how to log in: host, port, account, TLS."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, replace
from typing import Literal, cast, get_args
from urllib.parse import parse_qsl, unquote, urlsplit

from airflow_mydump.engine.errors import ConfigurationError
from airflow_mydump.engine.retry import Patience

SslMode = Literal["DISABLED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"]
"""REQUIRED encrypts without checking who answers; VERIFY_CA checks the certificate; VERIFY_IDENTITY the
host name too."""

DEFAULT_PORT = 3306


@dataclass(frozen=True)
class Endpoint:
    """A server and an account on it.

    ``ssl_mode`` None means VERIFY_IDENTITY, or DISABLED where no network is crossed (loopback, socket).
    ``binlog`` False keeps what the connections do out of the server's binary log, and so from its replicas;
    ``patience`` says how long the server is waited for when it is away, or refuses for a while. ``server`` is the
    identity of the only server that may answer, "" any.
    The password is in no representation of this object.
    """

    host: str = "localhost"
    port: int = DEFAULT_PORT
    user: str = ""
    password: str = field(default="", repr=False)
    unix_socket: str | None = None
    ssl_mode: SslMode | None = None
    ssl_ca: str | None = None
    ssl_cert: str | None = None
    ssl_key: str | None = None
    binlog: bool = True
    patience: Patience = field(default_factory=Patience)
    server: str = ""

    @classmethod
    def from_uri(cls, uri: str, password: str | None = None) -> Endpoint:
        """Read ``mysql://user[:password]@host:port/[?ssl_mode=…]``; ``password`` fills in for an absent one.

        Options: ssl_mode, ssl_ca, ssl_cert, ssl_key, unix_socket.

        Raises ConfigurationError, which never repeats the URI's password.
        """
        try:
            parts = urlsplit(uri)
            port = parts.port
        except ValueError:
            # `from None`: the library's message may repeat the password.
            raise ConfigurationError(
                "a server's URI cannot be read: its port is a number up to 65535, and special characters in user and "
                "password are percent-encoded"
            ) from None
        if parts.scheme != "mysql" or not parts.hostname or parts.path not in ("", "/") or parts.fragment or port == 0:
            raise ConfigurationError(
                "a server's URI has the form mysql://user[:password]@host:port/, with special characters in user and "
                "password percent-encoded"
            )
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        known = {"ssl_mode", "ssl_ca", "ssl_cert", "ssl_key", "unix_socket"}
        if unknown := sorted(options.keys() - known):
            raise ConfigurationError(f"unknown URI option {unknown[0]!r}; known: {', '.join(sorted(known))}")
        given = None if parts.password is None else unquote(parts.password)
        return cls(
            host=parts.hostname,
            port=port or DEFAULT_PORT,
            user=unquote(parts.username or ""),
            password=given if given is not None else password or "",
            unix_socket=options.get("unix_socket"),
            ssl_mode=parse_ssl_mode(options.get("ssl_mode")),
            ssl_ca=options.get("ssl_ca"),
            ssl_cert=options.get("ssl_cert"),
            ssl_key=options.get("ssl_key"),
        )

    def on(self, server: str) -> Endpoint:
        """The same, where no other server than the one of this identity may answer: an address may be a cluster's."""
        return replace(self, server=server)

    @property
    def is_local(self) -> bool:
        """Whether the connection stays on this machine."""
        if self.unix_socket or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def effective_ssl_mode(self) -> SslMode:
        """The mode in force: the one asked for, else the default for this host."""
        return self.ssl_mode or ("DISABLED" if self.is_local else "VERIFY_IDENTITY")

    def __str__(self) -> str:
        where = self.unix_socket or f"{self.host}:{self.port}"
        return f"{self.user}@{where}"


def parse_ssl_mode(text: str | None) -> SslMode | None:
    """One of MySQL's names for TLS modes, in any case.

    Raises ConfigurationError for PREFERRED and other names: a mode that falls back to plain text is not a mode.
    """
    if text is None:
        return None
    name = text.upper()
    if name not in get_args(SslMode):
        raise ConfigurationError(f"ssl_mode {text!r} is not one of {', '.join(get_args(SslMode))}")
    return cast(SslMode, name)
