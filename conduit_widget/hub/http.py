"""The little HTTP the hub answers itself: whole requests in, whole responses out, over ASGI."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from conduit_widget.errors import BodyTooLargeError, ClientGoneError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

JSON: Final = "application/json"
LOOPBACK_HOSTS: Final = ("localhost", "127.0.0.1", "::1")
FORWARDED_FOR: Final = "x-forwarded-for"
DRAIN_BYTES: Final = 16 * 1024 * 1024
DRAIN_SECONDS: Final = 5.0
_BODILESS: Final = frozenset({204, 304})  # these announce no length (RFC 9110, 8.6)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request; header names are lower-case, of what is repeated the first one counts (but for proxies).

    ``client``: the address it came from; empty where there is none.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = b""
    client: str = ""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One response, body complete."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


HttpHandler = Callable[[HttpRequest], Awaitable[HttpResponse]]


def json_response(status: int, value: Any, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return ``value`` as a JSON response that no cache keeps."""
    return HttpResponse(
        status, msgspec.json.encode(value), headers={"cache-control": "no-store", **(headers or {})}
    )


def error_response(status: int, text: str, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return a refusal: ``{"error": text}``."""
    return json_response(status, {"error": text}, headers)


def read_head(scope: Scope) -> HttpRequest:
    """Return the request of an ``http`` or ``websocket`` scope, without body."""
    query: dict[str, str] = {}
    for key, value in parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True):
        query.setdefault(key, value)
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name in headers and name == "host":
            value = ""  # two hosts are none (RFC 9112, 3.2): nobody may pick the one that suits
        elif name in headers:
            # Of proxies the last one counts, on whatever line it wrote.
            value = f"{headers[name]},{value}" if name == FORWARDED_FOR else headers[name]
        headers[name] = value
    path = scope["path"]
    root_path = scope.get("root_path", "")
    if root_path and path.startswith(root_path):
        path = path[len(root_path) :] or "/"
    client = scope.get("client")
    return HttpRequest(
        scope.get("method", "GET"), path, headers, query, client="" if client is None else client[0]
    )


def has_two_lengths(head: HttpRequest) -> bool:
    """Whether a request says twice how long it is: a proxy before us may believe the other one."""
    return "content-length" in head.headers and "transfer-encoding" in head.headers


async def read_body(head: HttpRequest, receive: Receive, limit_bytes: int) -> HttpRequest:
    """Return the request with its body.

    Raises:
        BodyTooLargeError: it is longer than the limit, announced or not.
        ClientGoneError: the client left in the middle.

    """
    announced = head.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit_bytes:
        raise BodyTooLargeError(limit_bytes)
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        body += message.get("body", b"")
        if len(body) > limit_bytes:
            raise BodyTooLargeError(limit_bytes)
        more = message.get("more_body", False)
    return replace(head, body=bytes(body))


class RequestBody:
    """A request's ``receive`` that knows whether all of the body has come."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.complete = False

    async def __call__(self) -> MutableMapping[str, Any]:
        """Return the next message."""
        message = await self._receive()
        self.complete = message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Take what is left of the body and forget it, up to ``DRAIN_BYTES`` and for ``DRAIN_SECONDS``."""
        left = DRAIN_BYTES
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while not self.complete and left > 0:
                    left -= len((await self()).get("body", b""))


async def send_response(
    send: Send, response: HttpResponse, prefix: str = "http.response", *, body: RequestBody | None = None
) -> None:
    """Send a response; ``prefix`` ``websocket.http.response`` refuses a WebSocket handshake with it.

    ``body``: the request's, of which something may not have been read. The rest is read behind the response:
    a connection that is closed with data unread is reset, and the response lost on its way.
    """
    length = {} if response.status in _BODILESS else {"content-length": str(len(response.body))}
    headers = {
        "content-type": response.content_type,
        **length,
        "x-content-type-options": "nosniff",
        **response.headers,
    }
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": f"{prefix}.start", "status": response.status, "headers": raw})
    if body is None or body.complete:
        await send({"type": f"{prefix}.body", "body": response.body})
        return
    await send({"type": f"{prefix}.body", "body": response.body, "more_body": True})
    await body.drain()
    await send({"type": f"{prefix}.body", "body": b""})
