"""Addresses derived from a hub's URL: where to negotiate, where to connect, what may be shown."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from conduit_widget.errors import ConnectionFailedError
from conduit_widget.protocol.negotiate import NEGOTIATE_VERSION


def negotiate_url(hub_url: str, *, stateful_reconnect: bool = False) -> str:
    """Return the negotiate address: path extended, query kept, version asked for unless already said."""
    parts = urlsplit(with_scheme(hub_url, "http"))
    query = _with_parameter(parts.query, "negotiateVersion", str(NEGOTIATE_VERSION))
    if stateful_reconnect:
        query = _with_parameter(query, "useStatefulReconnect", "true")
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/negotiate", query=query, fragment=""))


def connect_url(hub_url: str, connection_token: str | None, scheme: str = "ws") -> str:
    """Return the transport's address, with the connection token as ``id``; never with the access token."""
    parts = urlsplit(with_scheme(hub_url, scheme))
    query = parts.query
    if connection_token:
        query = f"{query}&" if query else ""
        query += f"id={quote(connection_token, safe='')}"
    return urlunsplit(parts._replace(query=query, fragment=""))


def with_scheme(url: str, plain: str) -> str:
    """Return ``url`` with scheme ``plain`` (``http`` or ``ws``), or its secure form where it was secure."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
        raise ConnectionFailedError("The hub URL must look like http://host:port/hubs/chat.")
    secure = parts.scheme in ("https", "wss")
    return urlunsplit(parts._replace(scheme=plain + "s" if secure else plain))


def origin(url: str) -> str:
    """Return what an error may show: no query, no user information."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _with_parameter(query: str, name: str, value: str) -> str:
    if any(given.lower() == name.lower() for given, _ in parse_qsl(query, keep_blank_values=True)):
        return query
    return f"{query}&{name}={value}" if query else f"{name}={value}"
