"""Which web pages and which Host headers the hub answers: exact, loopback unless configured.

Native clients send no Origin and are let through; their token is what counts. The Host check stops
DNS rebinding.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from conduit_widget.hub.http import LOOPBACK_HOSTS

LOOPBACK_ORIGINS: Final = tuple(
    f"{scheme}://{host}:*" for scheme in ("http", "https") for host in ("localhost", "127.0.0.1", "[::1]")
)
_HOST: Final = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::[0-9]{1,5})?")
# Nothing is forgiven here: parsers of URLs drop tabs, leading spaces, empty queries and fragments.
_ORIGIN: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?"
)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_ALLOWED_HEADERS: Final = (
    "authorization, content-type, if-none-match, if-range, range, x-api-key, x-requested-with,"
    " x-signalr-user-agent"
)


class OriginPolicy:
    """The allowed origins and hosts.

    ``origins`` are ``scheme://host[:port]`` (port ``*``: any), ``hosts`` names without port (``*``: any).

    Raises:
        ValueError: an origin is not one.

    """

    def __init__(
        self, origins: Sequence[str] = LOOPBACK_ORIGINS, hosts: Sequence[str] = LOOPBACK_HOSTS
    ) -> None:
        self._exact = {_normal(origin) for origin in origins if not origin.endswith(":*")}
        self._any_port = {_normal(origin[:-2])[:2] for origin in origins if origin.endswith(":*")}
        self._hosts = {host.lower().strip("[]") for host in hosts}

    def allows_origin(self, origin: str) -> bool:
        """Whether pages of this origin may talk to the hub; ``null`` and what cannot be read may not."""
        try:
            parts = _normal(origin)
        except ValueError:
            return False
        return parts in self._exact or parts[:2] in self._any_port

    def allows_host(self, header: str) -> bool:
        """Whether the Host header names this hub."""
        if "*" in self._hosts:
            return True
        match = _HOST.fullmatch(header.lower()) if header.isascii() else None
        return match is not None and (match["v6"] or match["name"]) in self._hosts

    def headers(self, origin: str | None) -> Mapping[str, str]:
        """Return the CORS headers of a response to an allowed origin."""
        if origin is None:
            return {}
        return {
            "access-control-allow-origin": origin,
            "access-control-allow-credentials": "true",
            "vary": "Origin",
        }

    def preflight_headers(self, origin: str, methods: str) -> Mapping[str, str]:
        """Return the headers that answer an allowed origin's preflight request."""
        return {
            **self.headers(origin),
            "access-control-allow-methods": methods,
            "access-control-allow-headers": _ALLOWED_HEADERS,
            "access-control-max-age": "600",
        }


def _normal(origin: str) -> tuple[str, str, int]:
    match = _ORIGIN.fullmatch(origin.lower()) if origin.isascii() else None
    port = 0 if match is None else int(match["port"] or _DEFAULT_PORTS.get(match["scheme"], 0))
    if match is None or not 0 < port < 65536:
        raise ValueError(f"{origin!r} is not an origin such as https://example.org.")
    return match["scheme"], match["host"].strip("[]"), port
