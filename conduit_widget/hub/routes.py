"""HTTP routes beside the hubs: uploads, downloads, exports, pages.

A route is a path, or the beginning of one, and a coroutine that answers::

    async def upload(request: RouteRequest) -> HttpResponse:
        with open_blob(request.user.user_id) as blob:
            async for chunk in request.body:
                blob.write(chunk)
        return json_response(201, {"id": blob.id})

    async def download(request: RouteRequest) -> HttpResponse:
        blob = find_blob(request.rest)  # what follows /files/
        return HttpResponse(200, Content(blob.size, blob.read), blob.type, {"etag": blob.etag})

    HubApp(hubs, authenticator=authority, routes=[
        Route("/files", upload, methods=("POST",), principal="required", max_body_bytes=25 * 2**20),
        Route("/files/", download, prefix=True, principal="required"),
    ])

``Range``, ``If-None-Match`` and ``HEAD`` need nothing of a handler. An export returns an async iterator as
its body: it is asked for the next piece when the client has room for it, and closed when the client leaves.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
    MutableMapping,
    Sequence,
)
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from conduit_widget.contract import ErrorText
from conduit_widget.errors import BodyTooLargeError, ClientGoneError, trace_of
from conduit_widget.hub.auth.local_authority import read_credential
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.conditional import answer
from conduit_widget.hub.connections.registry import ConnectionRegistry
from conduit_widget.hub.door.admission import Admission
from conduit_widget.hub.door.negotiation import restarting
from conduit_widget.hub.http import (
    Content,
    HttpRequest,
    HttpResponse,
    Scope,
    Send,
    client_gone,
    error_response,
    response_start,
    send_response,
)
from conduit_widget.text.plain_text import shown
from conduit_widget.transports.server.strangers import KNOWN

_EXPOSED: Final = {"access-control-expose-headers": "accept-ranges, content-range, etag"}

_CLOSE: Final = {"connection": "close"}
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RouteRequest(HttpRequest):
    """What a route's handler gets.

    ``user`` is who asks, where the route wants to know. ``rest`` is what follows a prefix, percent-decoded:
    it may hold ``/`` and ``..``, so look it up and never join it to a directory. ``body`` is a stream,
    bounded by the route; what the handler leaves unread is dropped.
    """

    user: Principal | None = None
    rest: str = ""


Asker = Literal["none", "optional", "required"]
RouteHandler = Callable[[RouteRequest], Awaitable[HttpResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """Answers ``methods`` (``GET`` includes ``HEAD``) at ``path``, or at all paths that begin with it.

    ``max_body_bytes``: the longest body, 413 beyond it (``None``: ``HubLimits.max_body_bytes``).
    ``principal``: whether a credential is read. ``"required"`` refuses whoever has none, ``"optional"`` only
    a wrong one. ``role``: which role the principal must have, who is then required. ``query_credential``: the
    credential may be in the query as for a hub, for links and images, which send no headers.
    ``while_draining``: whether the route still answers when the hub is about to end; others get 503.

    Whose token may only read may only ``GET``; a principal with a scope is for hubs and is refused.

    Who asks is let in for as long as the token is good and nobody revokes it: a request under way then ends.

    Raises:
        ValueError: the path does not begin, or a prefix does not end, with ``/``; ``methods`` are no names of
            methods in capitals, or ``principal`` is none of the three.

    """

    path: str
    handler: RouteHandler
    methods: Sequence[str] = ("GET",)
    prefix: bool = False
    max_body_bytes: int | None = None
    principal: Asker = "none"
    role: str = ""
    query_credential: bool = False
    while_draining: bool = False

    def __post_init__(self) -> None:
        if not self.path.startswith("/") or (self.prefix and not self.path.endswith("/")):
            raise ValueError(f"The path {self.path!r} must begin with '/', a prefix must end with it too.")
        if (
            isinstance(self.methods, str)
            or not self.methods
            or any(not name.isupper() for name in self.methods)
        ):
            raise ValueError(f"The methods {self.methods!r} must be a list of names in capitals: ('GET',).")
        if self.principal not in get_args(Asker):
            raise ValueError(f"The principal {self.principal!r} must be one of {', '.join(get_args(Asker))}.")


@dataclass(frozen=True, slots=True)
class Match:
    """The routes of one path by method, and what follows their prefix."""

    by_method: Mapping[str, Route]
    rest: str

    @property
    def methods(self) -> str:
        """The methods, as the ``Allow`` header names them."""
        return ", ".join(self.by_method)


class Routes:
    """All routes of one hub application; of two for one method and path the later one counts."""

    def __init__(
        self,
        routes: Iterable[Route],
        admission: Admission,
        registry: ConnectionRegistry,
        *,
        max_body_bytes: int,
    ) -> None:
        self._admission = admission
        self._max_body_bytes = max_body_bytes
        self._registry = registry
        self._exact: dict[str, dict[str, Route]] = {}
        prefixes: dict[str, dict[str, Route]] = {}
        for route in routes:
            by_method = (prefixes if route.prefix else self._exact).setdefault(route.path, {})
            by_method.update(dict.fromkeys(route.methods, route))
        self._prefixes = sorted(prefixes.items(), key=lambda item: -len(item[0]))  # the longest first

    def find(self, path: str) -> Match | None:
        """Return the routes of a path, if there are any."""
        exact = self._exact.get(path)
        if exact is not None:
            return Match(exact, "")
        for prefix, by_method in self._prefixes:
            if path.startswith(prefix):
                return Match(by_method, path[len(prefix) :])
        return None

    async def serve(self, scope: Scope, request: HttpRequest, send: Send, match: Match | None) -> None:
        """Answer one request; its Host and Origin are checked already. A drain waits for its end."""
        started = False

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        with self._registry.request():
            try:
                async with asyncio.timeout(None) as access:
                    await self._serve(scope, request, sending, match, access)
            except TimeoutError:
                if not access.expired():
                    raise
                if not started:  # else the server cuts the connection
                    refusal = error_response(401, ErrorText.UNAUTHORIZED, _CLOSE)
                    await self._send(send, refusal, request, match)
            finally:
                self._registry.release_access(access)

    async def _serve(
        self, scope: Scope, request: HttpRequest, send: Send, match: Match | None, access: asyncio.Timeout
    ) -> None:
        try:
            response = answer(request, await self._respond(scope, request, match, access))
        except BodyTooLargeError as error:
            response = error_response(413, str(error), _CLOSE)
        except ClientGoneError:
            return
        except Exception as error:  # noqa: BLE001 - a route's own code; the server would log its text
            _logger.error("A route failed: %s", trace_of(error))  # noqa: TRY400
            response = _failed()
        await self._send(send, response, request, match)

    async def _send(
        self, send: Send, response: HttpResponse, request: HttpRequest, match: Match | None
    ) -> None:
        cors = self._admission.cors_headers(request)
        if cors and match is not None:
            cors = {**cors, **_EXPOSED}
        response = response.with_headers(cors)
        if isinstance(response.body, bytes):
            await send_response(send, response, request)
        else:
            await _stream(response, request, send)

    async def _respond(
        self, scope: Scope, request: HttpRequest, match: Match | None, access: asyncio.Timeout
    ) -> HttpResponse:
        if match is None:
            return error_response(404, "There is nothing here.")
        method = "GET" if request.method == "HEAD" else request.method
        route = match.by_method.get(method)
        if route is None:
            return error_response(405, f"Use {match.methods}.", {"allow": match.methods})
        if self._registry.draining and not route.while_draining:
            return restarting()
        user: Principal | HttpResponse | None = None
        if _wants_principal(route, request):
            user = await self._admission.authenticate(request, route.path, in_query=route.query_credential)
        if isinstance(user, HttpResponse):
            return user
        if user is not None:
            scope.setdefault("state", {})[KNOWN] = True
            self._registry.hold_access(access, user)
        if user is not None and user.scope:
            return error_response(403, ErrorText.UNAUTHORIZED)
        if user is not None and not user.may_write and method != "GET":
            return error_response(403, ErrorText.READ_ONLY)
        if route.role and (user is None or route.role not in user.roles):
            return error_response(403, ErrorText.UNAUTHORIZED)
        body = request.body
        body.limit_bytes = self._max_body_bytes if route.max_body_bytes is None else route.max_body_bytes
        body.check_length()
        response = await route.handler(
            RouteRequest(
                request.method,
                request.path,
                request.headers,
                request.query,
                request.client,
                body,
                user=user,
                rest=match.rest,
            )
        )
        fault = _fault(response)
        if fault:
            _logger.error("The route %s cannot be answered: %s.", route.path, fault)
            return _failed()
        return response


def _wants_principal(route: Route, request: HttpRequest) -> bool:
    if route.principal == "optional":
        return read_credential(request, in_query=route.query_credential) is not None
    return route.principal == "required" or bool(route.role)


def _failed() -> HttpResponse:
    return error_response(500, "An unexpected error occurred.")


def _fault(response: Any) -> str:
    """Return why a handler's response cannot be sent; empty when it can."""
    if not isinstance(response, HttpResponse):
        return f"its handler returned {type(response).__name__}, not HttpResponse"
    body: Any = response.body
    if not isinstance(body, bytes | Content | AsyncIterable):
        return f"the body is {type(body).__name__}, not bytes, Content or an async iterator"
    headers: Mapping[Any, Any] = {"content-type": response.content_type, **response.headers}
    for name, value in headers.items():
        if not (isinstance(name, str) and _HEADER_NAME.fullmatch(name)):
            return f"'{shown(str(name))}' is no name of a header"
        if not (isinstance(value, str) and _HEADER_VALUE.fullmatch(value)):
            return f"the value of the header {name} must be text of Latin-1 without line ends"
    return ""


async def _stream(response: HttpResponse, request: HttpRequest, send: Send) -> None:
    """Send a body piece by piece, each when the server has room for it, until the client leaves.

    A body that fails, or has another length than it said, is not completed: the server cuts the connection,
    so that nobody takes a part for the whole.
    """
    body = response.body
    assert not isinstance(body, bytes)
    size = body.size if isinstance(body, Content) else None
    await send(response_start(response, size))
    if request.method == "HEAD":
        if not isinstance(body, Content):
            await _close(body)
        await send({"type": "http.response.body", "body": b""})
        return
    writing = asyncio.ensure_future(_write(body, size, send))
    leaving = asyncio.ensure_future(client_gone(request.body))
    try:
        await asyncio.wait((writing, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        writing.cancel()
        leaving.cancel()
        await asyncio.gather(writing, leaving, return_exceptions=True)


async def _write(body: Content | AsyncIterator[bytes], size: int | None, send: Send) -> None:
    sent = 0
    pieces: AsyncIterator[bytes] | None = None
    try:
        pieces = body.read(0, body.size) if isinstance(body, Content) else body
        async for piece in pieces:
            sent += len(piece)
            if size is not None and sent > size:
                break
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)  # neither of the two may have waited: others get their turn
    except Exception as error:  # noqa: BLE001 - a route's own code; the server would log its text
        _logger.error("A route's body failed: %s", trace_of(error))  # noqa: TRY400
        return
    finally:
        await _close(pieces)
    if size is not None and sent != size:
        _logger.error("A route's body has not the %d bytes it announced.", size)
        return
    await send({"type": "http.response.body", "body": b""})


async def _close(pieces: AsyncIterator[bytes] | None) -> None:
    if isinstance(pieces, AsyncGenerator):
        await pieces.aclose()
