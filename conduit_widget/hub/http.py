"""The little HTTP the hub speaks itself, over ASGI: requests whose body is a stream, and responses."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
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
DRAIN_BYTES: Final = 64 * 1024 * 1024
DRAIN_SECONDS: Final = 5.0
_MAX_LENGTH_DIGITS: Final = 18
_BODILESS: Final = frozenset({204, 304})  # these announce no length (RFC 9110, 8.6)


class RequestBody:
    """A request's body: read it once, whole (:meth:`read`) or as a stream (``async for``).

    ``limit_bytes`` bounds what is read, whatever length was announced. It is its request's ASGI ``receive``
    too, for whoever waits for the client to leave.
    """

    __slots__ = ("_announced", "_receive", "complete", "limit_bytes")

    def __init__(self, receive: Receive, announced: str = "", limit_bytes: int = 0) -> None:
        self._receive = receive
        digits = announced.lstrip("0")[:_MAX_LENGTH_DIGITS] if announced.isascii() else ""
        self._announced = int(digits) if digits.isdigit() else 0
        self.limit_bytes = limit_bytes
        self.complete = False

    async def __call__(self) -> MutableMapping[str, Any]:
        """Return the next ASGI message."""
        message = await self._receive()
        self.complete = message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message

    def check_length(self) -> None:
        """Refuse a body that announces more than the limit; nothing is read.

        Raises:
            BodyTooLargeError: it does.

        """
        if self._announced > self.limit_bytes:
            raise BodyTooLargeError(self.limit_bytes)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives; what is not asked for stays with the client.

        Raises:
            BodyTooLargeError: it is longer than the limit, announced or not.
            ClientGoneError: the client left in the middle.

        """
        self.check_length()
        size = 0
        while not self.complete:
            message = await self()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self.limit_bytes:
                raise BodyTooLargeError(self.limit_bytes)
            if chunk:
                yield chunk

    async def read(self) -> bytes:
        """Return the whole body.

        Raises:
            BodyTooLargeError: it is longer than the limit, announced or not.
            ClientGoneError: the client left in the middle.

        """
        return b"".join([chunk async for chunk in self])

    async def drain(self) -> None:
        """Read what is left of the body and forget it, up to ``DRAIN_BYTES`` and for ``DRAIN_SECONDS``."""
        left = DRAIN_BYTES
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while not self.complete and left > 0:
                    left -= len((await self()).get("body", b""))


async def _nothing() -> MutableMapping[str, Any]:
    return {"type": "http.request"}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request; header names are lower-case, of what is repeated the first one counts (but for proxies).

    ``client``: the address it came from; empty where there is none.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    client: str = ""
    body: RequestBody = field(default_factory=lambda: RequestBody(_nothing), repr=False)


@dataclass(frozen=True, slots=True)
class Content:
    """A body of ``size`` bytes that can be read from anywhere, such as a file.

    ``read(start, stop)`` yields the bytes from ``start`` up to, not including, ``stop``, in pieces.
    """

    size: int
    read: Callable[[int, int], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One response. Its body is complete, or :class:`Content`, or an iterator whose length nobody knows."""

    status: int
    body: bytes | Content | AsyncIterator[bytes] = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    def with_headers(self, headers: Mapping[str, str]) -> HttpResponse:
        """Return the response with further headers."""
        return replace(self, headers={**self.headers, **headers})


HttpHandler = Callable[[HttpRequest], Awaitable[HttpResponse]]


def json_response(status: int, value: Any, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return ``value`` as a JSON response that no cache keeps."""
    return HttpResponse(
        status, msgspec.json.encode(value), headers={"cache-control": "no-store", **(headers or {})}
    )


def error_response(status: int, text: str, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return a refusal: ``{"error": text}``."""
    return json_response(status, {"error": text}, headers)


def read_request(scope: Scope, receive: Receive = _nothing) -> HttpRequest:
    """Return the request of an ``http`` or ``websocket`` scope; nothing of its body is read."""
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
        scope.get("method", "GET"),
        path,
        headers,
        query,
        client="" if client is None else client[0],
        body=RequestBody(receive, headers.get("content-length", "")),
    )


def has_two_lengths(head: HttpRequest) -> bool:
    """Whether a request says twice how long it is: a proxy before us may believe the other one."""
    return "content-length" in head.headers and "transfer-encoding" in head.headers


async def client_gone(receive: Receive) -> None:
    """Return when the client has left its request."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def send_response(send: Send, response: HttpResponse, request: HttpRequest) -> None:
    """Send a response whose body is complete, but for ``HEAD``.

    Something of the request's body may not have been read. It is read behind the response: a connection that
    is closed with data unread is reset, and the response lost on its way.
    """
    assert isinstance(response.body, bytes)
    body = b"" if request.method == "HEAD" else response.body
    await send(response_start(response, len(response.body)))
    if request.body.complete:
        await send({"type": "http.response.body", "body": body})
        return
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await request.body.drain()
    await send({"type": "http.response.body", "body": b""})


def response_start(
    response: HttpResponse, length: int | None, kind: str = "http.response"
) -> MutableMapping[str, Any]:
    """Return the ASGI message that begins a response of ``length`` bytes (``None``: not known yet)."""
    headers = {"content-type": response.content_type, "x-content-type-options": "nosniff"}
    if length is not None and response.status not in _BODILESS:
        headers["content-length"] = str(length)
    headers.update(response.headers)
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": f"{kind}.start", "status": response.status, "headers": raw}
