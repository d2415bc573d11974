"""From a hub URL to an endpoint a transport can connect to: negotiate, redirects, one retry on 401."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

import msgspec

from conduit_widget.errors import AuthenticationError, ConnectionFailedError, RemoteProtocolError
from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.protocol.negotiate import NEGOTIATE_VERSION, NegotiateResponse, parse_negotiate
from conduit_widget.transports.http import HttpClient, HttpReply

TokenFactory = Callable[[], str | Awaitable[str | None] | None]
UrlFactory = Callable[[], str | Awaitable[str]]

MAX_REFUSAL_CHARS: Final = 200
MAX_REDIRECTS: Final = 100
WEB_SOCKETS: Final = "WebSockets"

_HTTP_OK: Final = 200
_HTTP_UNAUTHORIZED: Final = 401
_HTTP_FORBIDDEN: Final = 403


@dataclass(frozen=True)
class Endpoint:
    """Where and how to connect. ``url`` carries the secret connection token: never log it."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    connection_id: str | None


class _Refusal(msgspec.Struct, frozen=True):
    """The body our own hub, and many web frameworks, send with a refusal."""

    error: str | None = None


@dataclass(frozen=True)
class _Target:
    """Where the next negotiate goes, and with which token."""

    url: str
    token: str | None = field(repr=False)
    redirected: bool = False


class Negotiator:
    """Asks for the URL and the token anew at every :meth:`endpoint`."""

    def __init__(
        self,
        url: str | UrlFactory,
        access_token: str | TokenFactory | None,
        *,
        headers: Mapping[str, str],
        skip_negotiation: bool,
        http: HttpClient,
    ) -> None:
        self._url = url
        self._access_token = access_token
        self._headers = dict(headers)
        self._skip_negotiation = skip_negotiation
        self._http = http

    async def endpoint(self, transfer_format: TransferFormat) -> Endpoint:
        """Negotiate a connection that can carry ``transfer_format``.

        Raises:
            AuthenticationError: the token was refused, twice where a factory could give a second one.
            ConnectionFailedError: the hub cannot be reached, refuses, or offers nothing we speak.
            RemoteProtocolError: the answer is no negotiate response.

        """
        target = _Target(await self._ask_url(), await self.token())
        if self._skip_negotiation:
            return self._endpoint(target, connection_id=None, connection_token=None)
        for _ in range(MAX_REDIRECTS):
            target, response = await self._negotiate(target)
            if response.error is not None:
                raise ConnectionFailedError(f"The hub refused to negotiate: {response.error}")
            if response.url is None:
                _require_web_sockets(response, transfer_format)
                return self._endpoint(
                    target,
                    connection_id=response.connection_id,
                    connection_token=response.id_for_connect,
                )
            target = _Target(response.url, response.access_token or target.token, redirected=True)
        raise ConnectionFailedError(f"The hub redirected more than {MAX_REDIRECTS} times; check its address.")

    async def token(self) -> str | None:
        """Ask the token factory."""
        if not callable(self._access_token):
            return self._access_token
        token = self._access_token()
        return await token if inspect.isawaitable(token) else token

    async def _ask_url(self) -> str:
        if not callable(self._url):
            return self._url
        url = self._url()
        return await url if inspect.isawaitable(url) else url

    async def _negotiate(self, target: _Target) -> tuple[_Target, NegotiateResponse]:
        reply = await self._post(target)
        if reply.status_code == _HTTP_UNAUTHORIZED and callable(self._access_token) and not target.redirected:
            target = replace(target, token=await self.token())
            reply = await self._post(target)
        if reply.status_code in (_HTTP_UNAUTHORIZED, _HTTP_FORBIDDEN):
            raise AuthenticationError(
                f"{_said(reply) or 'The hub refused the access token'} (HTTP {reply.status_code}): "
                "get a fresh token for this hub.",
                reply.status_code,
            )
        if reply.status_code != _HTTP_OK:
            raise ConnectionFailedError(
                f"Negotiate with {_origin(target.url)} was answered with HTTP {reply.status_code}; "
                "check the hub's address."
            )
        try:
            return target, parse_negotiate(reply.body)
        except RemoteProtocolError as error:
            raise ConnectionFailedError(f"{_origin(target.url)} is no SignalR hub: {error}") from error

    async def _post(self, target: _Target) -> HttpReply:
        return await self._http.post(negotiate_url(target.url), self._request_headers(target.token))

    def _request_headers(self, token: str | None) -> dict[str, str]:
        headers = dict(self._headers)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return headers

    def _endpoint(
        self, target: _Target, *, connection_id: str | None, connection_token: str | None
    ) -> Endpoint:
        headers = self._request_headers(target.token)
        cookie = self._http.cookie_header(_with_scheme(target.url, "http"))
        if cookie:
            headers.setdefault("Cookie", cookie)
        return Endpoint(connect_url(target.url, connection_token), headers, connection_id)


def _said(reply: HttpReply) -> str | None:
    """Return the hub's own words for a refusal, when it gave some that fit a line."""
    try:
        text = msgspec.json.decode(reply.body, type=_Refusal).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return text if text and len(text) <= MAX_REFUSAL_CHARS and text.isprintable() else None


def negotiate_url(hub_url: str) -> str:
    """Return the negotiate address: path extended, query kept, version asked for unless already said."""
    parts = urlsplit(_with_scheme(hub_url, "http"))
    query = parts.query
    if not any(name.lower() == "negotiateversion" for name, _ in parse_qsl(query, keep_blank_values=True)):
        query = f"{query}&" if query else ""
        query += f"negotiateVersion={NEGOTIATE_VERSION}"
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/negotiate", query=query, fragment=""))


def connect_url(hub_url: str, connection_token: str | None) -> str:
    """Return the WebSocket address, with the connection token as ``id``; never with the access token."""
    parts = urlsplit(_with_scheme(hub_url, "ws"))
    query = parts.query
    if connection_token:
        query = f"{query}&" if query else ""
        query += f"id={quote(connection_token, safe='')}"
    return urlunsplit(parts._replace(query=query, fragment=""))


def _with_scheme(url: str, plain: str) -> str:
    """Return ``url`` with scheme ``plain`` (``http`` or ``ws``), or its secure form where it was secure."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
        raise ConnectionFailedError("The hub URL must look like http://host:port/hubs/chat.")
    secure = parts.scheme in ("https", "wss")
    return urlunsplit(parts._replace(scheme=plain + "s" if secure else plain))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _require_web_sockets(response: NegotiateResponse, transfer_format: TransferFormat) -> None:
    for offered in response.transports:
        if offered.transport == WEB_SOCKETS and transfer_format.value in offered.transfer_formats:
            return
    offers = ", ".join(offered.transport for offered in response.transports) or "none"
    raise ConnectionFailedError(
        f"The hub offers no transport this client speaks (offered: {offers}; "
        f"spoken: {WEB_SOCKETS} with {transfer_format.value} frames)."
    )
