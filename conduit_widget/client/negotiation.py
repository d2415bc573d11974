"""From a hub URL to endpoints for transports: negotiate, redirects, one retry on 401, fallback."""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from conduit_widget.client.hub_url import connect_url, negotiate_url, origin, with_scheme
from conduit_widget.client.transport_choice import LONG_POLLING, WEB_SOCKETS, TransportChoice
from conduit_widget.credentials import clean_token, clean_url
from conduit_widget.errors import UNREADABLE, AuthenticationError, ConnectionFailedError, RemoteProtocolError
from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.protocol.negotiate import NegotiateResponse, parse_negotiate
from conduit_widget.transports.client.http_client import HttpClient, HttpReply
from conduit_widget.transports.transport import TransportFactory

TokenFactory = Callable[[], str | Awaitable[str | None] | None]
UrlFactory = Callable[[], str | Awaitable[str]]

MAX_REFUSAL_CHARS: Final = 200
MAX_REDIRECTS: Final = 100

_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE: Final = re.compile(r"(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?")

_HTTP_OK: Final = 200
_HTTP_UNAUTHORIZED: Final = 401
_HTTP_FORBIDDEN: Final = 403
_HTTP_TOO_MANY_REQUESTS: Final = 429


@dataclass(frozen=True)
class Endpoint:
    """An address to connect to, and how. ``url`` holds the secret connection token: never log it."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    connection_id: str | None
    transport_name: str
    transport: TransportFactory = field(repr=False)
    stateful: bool = False

    @property
    def inherent_keep_alive(self) -> bool:
        """Whether the transport itself notices that the hub is gone: no pings are sent then, as in .NET."""
        return self.transport_name == LONG_POLLING


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
    """Asks for the URL and the token anew at every :meth:`endpoints`.

    Raises:
        ValueError: negotiation is skipped, which only WebSockets allow, and they are not allowed; or a header
            that no request can carry.

    """

    def __init__(
        self,
        url: str | UrlFactory,
        access_token: str | TokenFactory | None,
        *,
        headers: Mapping[str, str],
        skip_negotiation: bool,
        http: HttpClient,
        choice: TransportChoice,
        stateful_reconnect: bool = False,
    ) -> None:
        if skip_negotiation and not choice.allows(WEB_SOCKETS):
            raise ValueError("skip_negotiation needs the WebSockets transport.")
        self._url = url
        self._access_token = access_token
        self._headers = _checked(headers)
        self._skip_negotiation = skip_negotiation
        self._http = http
        self._choice = choice
        self._stateful_reconnect = stateful_reconnect

    async def endpoints(self, transfer_format: TransferFormat) -> AsyncGenerator[Endpoint, None]:
        """Yield what can carry ``transfer_format``, in the hub's order, each from a negotiate of its own.

        Raises:
            AuthenticationError: the token was refused, twice where a factory could give a second one.
            ConnectionFailedError: the hub cannot be reached, refuses, or offers nothing we may use.

        """
        target = _Target(await self._ask_url(), await self.token())
        if self._skip_negotiation:
            yield self._endpoint(target, WEB_SOCKETS, None)
            return
        target, first = await self._negotiate_through_redirects(target)
        response: NegotiateResponse | None = first
        obstacles: list[str] = []
        for offered in first.transports:
            obstacle = self._choice.obstacle(offered, transfer_format)
            if obstacle is not None:
                obstacles.append(obstacle)
                continue
            if response is None:
                target, response = await self._negotiate_through_redirects(target)
            yield self._endpoint(target, offered.transport, response)
            response = None
        if response is first:
            reasons = "; ".join(obstacles) or "it offered none"
            raise ConnectionFailedError(f"The hub offers no transport this client can use: {reasons}.")

    async def _negotiate_through_redirects(self, target: _Target) -> tuple[_Target, NegotiateResponse]:
        """Negotiate, following redirects."""
        for _ in range(MAX_REDIRECTS):
            target, response = await self._negotiate(target)
            if response.error is not None:
                raise ConnectionFailedError(f"The hub refused to negotiate: {response.error}")
            if response.url is None:
                return target, response
            token = clean_token(response.access_token, "The access token of the hub's redirect")
            target = _Target(response.url, token or target.token, redirected=True)
        raise ConnectionFailedError(f"The hub redirected more than {MAX_REDIRECTS} times; check its address.")

    async def token(self) -> str | None:
        """Ask the token factory.

        Raises:
            AuthenticationError: what it gave is no token.

        """
        if not callable(self._access_token):
            return clean_token(self._access_token, "The access token")
        token = self._access_token()
        if inspect.isawaitable(token):
            token = await token
        return clean_token(token, "What the access token's function returned")

    async def _ask_url(self) -> str:
        if not callable(self._url):
            return clean_url(self._url, "The hub's address")
        url = self._url()
        return clean_url(await url if inspect.isawaitable(url) else url, "The hub's address")

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
        if reply.status_code == _HTTP_TOO_MANY_REQUESTS:
            raise ConnectionFailedError(f"The hub refused to negotiate: {_said(reply) or 'too often.'}")
        if reply.status_code != _HTTP_OK:
            raise ConnectionFailedError(
                f"Negotiate with {origin(target.url)} was answered with HTTP {reply.status_code}; "
                "check the hub's address."
            )
        try:
            return target, parse_negotiate(reply.body)
        except RemoteProtocolError as error:
            raise ConnectionFailedError(f"{origin(target.url)} is no SignalR hub: {error}") from error

    async def _post(self, target: _Target) -> HttpReply:
        url = negotiate_url(target.url, stateful_reconnect=self._stateful_reconnect)
        return await self._http.post(url, self._request_headers(target.token))

    async def _fresh_headers(self) -> dict[str, str]:
        """Ask the token factory on behalf of a connection whose token is refused on the way.

        Raises:
            AuthenticationError: there is no factory, or it failed.

        """
        if not callable(self._access_token):
            raise AuthenticationError("The hub refused the access token (HTTP 401).")
        try:
            return self._request_headers(await self.token())
        except Exception as error:  # whatever the user's factory raises
            if isinstance(error, AuthenticationError):
                raise
            raise AuthenticationError(
                f"No fresh access token: its function failed ({type(error).__name__})."
            ) from None

    def _request_headers(self, token: str | None) -> dict[str, str]:
        headers = dict(self._headers)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return headers

    def _endpoint(self, target: _Target, name: str, response: NegotiateResponse | None) -> Endpoint:
        headers = self._request_headers(target.token)
        cookie = self._http.cookie_header(with_scheme(target.url, "http"))
        if cookie:
            headers.setdefault("Cookie", cookie)
        scheme = "ws" if name == WEB_SOCKETS else "http"
        return Endpoint(
            connect_url(target.url, response.id_for_connect if response else None, scheme),
            headers,
            response.connection_id if response else None,
            name,
            self._choice.factory(name, self._fresh_headers if not target.redirected else None),
            stateful=self._stateful_reconnect
            and name == WEB_SOCKETS
            and response is not None
            and response.use_stateful_reconnect,
        )


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    """Refuse, by name, a header that would be cut or would begin another one."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            shown = name if _HEADER_NAME.fullmatch(name) else "a header's name"
            raise ValueError(f"headers: {shown} has a line end or another sign that no header takes.")
    return dict(headers)


def _said(reply: HttpReply) -> str | None:
    """Return the hub's reason for a refusal, if it gave one of a single short line."""
    try:
        text = msgspec.json.decode(reply.body, type=_Refusal).error
    except UNREADABLE:
        return None
    return text if text and len(text) <= MAX_REFUSAL_CHARS and text.isprintable() else None
