"""What one hub process is told, and which of it does not go together."""

from __future__ import annotations

import contextlib
import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from conduit_widget.errors import SettingsError
from conduit_widget.hub.http import LOOPBACK_HOSTS

HISTORY_FILE: Final = "history.sqlite3"


@dataclass(frozen=True, kw_only=True)
class HubSettings:
    """What one hub process is told. ``idle_timeout`` in seconds, 0 for never; ``port`` 0 picks a free one.

    ``drain_seconds``: over how long to say goodbye at the end (``None``: by the number of connections).
    ``database_url`` (PostgreSQL) keeps the history instead of a file in the data directory; with
    ``redis_url`` too, all processes that have the same two are nodes of one hub. Both may hold passwords.
    ``files_url`` keeps files in an object store instead of the data directory; ``files_scan`` is a command
    that may refuse one. ``redis_namespace`` keeps several hubs on one Redis apart; the number of a database
    does not.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    key_file: Path | None = None
    allowed_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    idle_timeout: float = 0.0
    drain_seconds: float | None = None
    trusted_proxies: tuple[str, ...] = ()
    provider_url: str | None = None
    model: str | None = None
    jwks: str | None = None
    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    jwt_algorithms: tuple[str, ...] = ()
    database_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    redis_namespace: str = "conduit"
    files_url: str | None = None
    files_scan: str | None = None
    jupyterhub_api: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether the hub is for the users of this machine alone.

        A node of several has a load balancer before it. A further Host, an identity provider or a signing key
        of the site's own say that a proxy on this machine lets others in, whatever address is bound.
        """
        is_shared = any((self.redis_url, self.jwks, self.key_file, self.jupyterhub_api))
        others = [host for host in self.allowed_hosts if host not in LOOPBACK_HOSTS]
        return self.is_loopback and not is_shared and not others

    @property
    def is_loopback(self) -> bool:
        """Whether the address bound is one of this machine alone."""
        if self.host == "localhost":
            return True
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(self.host).is_loopback
        return False

    def check(self) -> None:
        """Refuse what does not go together.

        Raises:
            SettingsError: a setting is missing.

        """
        if not self.redis_namespace:
            raise SettingsError("--redis-namespace must not be empty.")
        if self.redis_url is not None and self.database_url is None:
            raise SettingsError(
                "--redis-url joins several hubs into one: give all of them the same --database-url too."
            )
        if self.jwks and not (self.jwt_issuer and self.jwt_audience):
            raise SettingsError("--jwks needs --jwt-issuer and --jwt-audience: the claims a token must have.")
        if not self.jwks and (self.jwt_issuer or self.jwt_audience or self.jwt_algorithms):
            raise SettingsError("--jwt-issuer, --jwt-audience and --jwt-algorithm are for tokens of --jwks.")
        has_keys = self.key_file is not None or self.jwks is not None
        if has_keys or (self.is_loopback and self.redis_url is None):
            return
        if self.redis_url is not None:
            raise SettingsError(
                "--redis-url joins several hubs into one: give all of them the same signing key with"
                " --key-file, or the key set of your identity provider with --jwks."
            )
        raise SettingsError(
            f"--host {self.host} can be reached from other machines: give a signing key with --key-file,"
            " or the key set of your identity provider with --jwks."
        )
