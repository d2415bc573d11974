"""The server that the functional tests of Microsoft's TypeScript client expect, on our hub.

Start it, then point the suite at it with ``SERVER_URL=";http://127.0.0.1:5005"``::

    python -m tests.interop.functional_hub --port 5005

Hubs: ``/testhub``, ``/testhub-nowebsockets``, ``/authorizedhub``. Raw connection: ``/echo``
(``/echoredirect`` leads there). Also ``/redirect/negotiate``, ``/bad-negotiate/negotiate``,
``GET /generateJwtToken``, ``GET /clientresult/{id}`` and cookies with every negotiate. The wire texts are the
ones that the suite compares.
"""

from __future__ import annotations

import argparse
import asyncio
import contextvars
import datetime
import http.cookies
import math
import re
import secrets
import uuid
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec

from conduit_widget.errors import AuthenticationError, HubException
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.auth.local_authority import Credential, LocalAuthority
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.calls.hub import Hub, hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.http import (
    HttpRequest,
    HttpResponse,
    Receive,
    Scope,
    Send,
    error_response,
    read_request,
    send_response,
)
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.hub.server import serve
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from conduit_widget.protocol.messages import Completion, HubMessage
from conduit_widget.protocol.transport_kinds import TransportKind
from tests.interop.raw_echo import RawEcho

AUTHORIZED: Final = "/authorizedhub"
_STREAMING: Final = re.compile(r"(\w+) streams; use stream\(\), not invoke\(\)")
_NOT_STREAMING: Final = re.compile(r"(\w+) does not stream; use invoke\(\)")
_COOKIES: Final = (
    "testCookie=testValue; Path=/",
    "testCookie2=testValue2; Path=/",
    "expiredCookie=doesntmatter; Path=/; Expires=Thu, 01 Jan 2015 00:00:00 GMT",
)

_request: contextvars.ContextVar[tuple[HttpRequest, str]] = contextvars.ContextVar("request")


class InvalidOperationException(Exception):  # noqa: N818 - its name is part of what the suite compares
    """What the suite's failing methods raise."""


class CustomObject(msgspec.Struct):
    """A typed argument; its names travel as they are."""

    Name: str
    Value: int


def _asked(caller: HubConnectionContext) -> HttpRequest:
    """Return the request that opened the caller's connection."""
    request: HttpRequest = caller.user.claims["request"]
    return request


class TestHub(Hub):
    """The methods of the suite's test hub."""

    __test__ = False

    @hub_method("Echo")
    async def echo(self, caller: HubConnectionContext, message: str) -> str:
        return message

    @hub_method("GetCallerConnectionId")
    async def get_caller_connection_id(self, caller: HubConnectionContext) -> str:
        return caller.connection_id

    @hub_method("GetNumRedirects")
    async def get_num_redirects(self, caller: HubConnectionContext) -> int:
        return int(_asked(caller).query["numRedirects"])

    @hub_method("ThrowException")
    async def throw_exception(self, caller: HubConnectionContext, message: str) -> None:
        raise InvalidOperationException(message)

    @hub_method("InvokeWithString")
    async def invoke_with_string(self, caller: HubConnectionContext, message: str) -> None:
        caller.send("Message", message)

    @hub_method("SendCustomObject")
    async def send_custom_object(self, caller: HubConnectionContext, value: CustomObject) -> None:
        caller.send("CustomObject", value)

    @hub_method("Stream")
    async def stream(self, caller: HubConnectionContext) -> AsyncIterator[str]:
        for letter in "abc":
            yield letter

    @hub_method("InfiniteStream")
    async def infinite_stream(self, caller: HubConnectionContext) -> AsyncIterator[str]:
        try:
            await asyncio.Event().wait()
            yield ""
        finally:
            caller.send("StreamCanceled")

    @hub_method("EmptyStream")
    async def empty_stream(self, caller: HubConnectionContext) -> AsyncIterator[int]:
        for number in range(0):
            yield number

    @hub_method("StreamThrowException")
    async def stream_throw_exception(self, caller: HubConnectionContext, message: str) -> AsyncIterator[str]:
        for _ in "1":
            raise InvalidOperationException(message)
        yield ""

    @hub_method("StreamingConcat")
    async def streaming_concat(self, caller: HubConnectionContext, stream: AsyncIterator[str]) -> str:
        try:
            return "".join([item async for item in stream])
        except HubException as error:
            name = "StreamingConcat"
            text = f"An unexpected error occurred invoking '{name}' on the server. HubException: {error}"
            raise HubException(text) from error

    @hub_method("GetActiveTransportName")
    async def get_active_transport_name(self, caller: HubConnectionContext) -> str:
        name: str = caller.user.claims["transport"]
        return name

    @hub_method("EchoComplexObject")
    async def echo_complex_object(self, caller: HubConnectionContext, value: dict[str, Any]) -> Any:
        return value

    @hub_method("SendComplexObject")
    async def send_complex_object(self, caller: HubConnectionContext) -> dict[str, Any]:
        return {
            "ByteArray": bytes((1, 2, 3)),
            "DateTime": datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC),
            "Guid": uuid.UUID("00010203-0405-0607-0706-050403020100"),
            "IntArray": [1, 2, 3],
            "String": "hello world",
        }

    @hub_method("GetContentTypeHeader")
    async def get_content_type_header(self, caller: HubConnectionContext) -> str | None:
        return _asked(caller).headers.get("content-type")

    @hub_method("GetHeader")
    async def get_header(self, caller: HubConnectionContext, name: str) -> str | None:
        return _asked(caller).headers.get(name.lower())

    @hub_method("GetCookie")
    async def get_cookie(self, caller: HubConnectionContext, name: str) -> str | None:
        cookies = http.cookies.SimpleCookie(_asked(caller).headers.get("cookie", ""))
        return cookies[name].value if name in cookies else None


class NoWebSocketsHub(TestHub):
    """The same without WebSockets."""

    transports = (TransportKind.SERVER_SENT_EVENTS, TransportKind.LONG_POLLING)


class HubWithAuthorization(Hub):
    """A hub for people with a token only."""

    @hub_method("Echo")
    async def echo(self, caller: HubConnectionContext, message: str) -> str:
        return message


def _official(message: HubMessage) -> HubMessage:
    """Return a completion in the words that the suite compares."""
    if not isinstance(message, Completion) or message.error is None:
        return message
    error = _STREAMING.sub(
        r"The client attempted to invoke the streaming '\1' method with a non-streaming invocation.",
        message.error,
    )
    error = _NOT_STREAMING.sub(
        r"The client attempted to invoke the non-streaming '\1' method with a streaming invocation.", error
    )
    return Completion(message.invocation_id, error=error)


class OfficialJson(JsonHubProtocol):
    """JSON in the official server's words."""

    def encode(self, message: HubMessage) -> bytes:
        return super().encode(_official(message))


class OfficialMessagePack(MessagePackHubProtocol):
    """MessagePack in the official server's words."""

    def encode(self, message: HubMessage) -> bytes:
        return super().encode(_official(message))


class SuiteAuthenticator:
    """Everybody may use the test hubs; the authorized hub wants a token of ours."""

    def __init__(self) -> None:
        self.authority = LocalAuthority(secrets.token_bytes(32))

    async def authenticate(self, credential: Credential | None) -> Principal:
        """Return the caller, with the request that is being served among the claims."""
        request, transport = _request.get()
        claims = {"request": request, "transport": transport}
        if not request.path.startswith(AUTHORIZED):
            return Principal("anonymous", "Anonymous", expires_at=math.inf, claims=claims)
        query_token = request.query.get("access_token")
        if credential is None and query_token is not None:
            credential = Credential("bearer", query_token)
        if credential is None:
            raise AuthenticationError("Unauthorized")
        return await self.authority.authenticate(credential)


def _transport(scope: Scope, request: HttpRequest) -> str:
    if scope["type"] == "websocket":
        return "WebSockets"
    events = "text/event-stream" in request.headers.get("accept", "")
    return "ServerSentEvents" if events else "LongPolling"


class FunctionalApp(HubApp):
    """The hubs, and around them what the suite's other endpoints do."""

    def __init__(self) -> None:
        self._suite_authenticator = SuiteAuthenticator()
        limits = HubLimits(connections_per_user=1000, invocations_per_second=10_000, invocation_burst=10_000)
        super().__init__(
            {
                "/testhub": TestHub(),
                "/testhub-nowebsockets": NoWebSocketsHub(),
                AUTHORIZED: HubWithAuthorization(),
            },
            authenticator=self._suite_authenticator,
            limits=limits,
            protocols=(OfficialJson(), OfficialMessagePack()),
            detailed_errors=True,
        )
        self._echo = RawEcho("/echo", self._suite_authenticator, limits)
        self._redirects = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, send)
            return
        scope["path"] = scope["path"].replace("/testHub", "/testhub")
        head = read_request(scope, receive)
        _request.set((head, _transport(scope, head)))
        response = await self._own(head) if scope["type"] == "http" else None
        if response is not None:
            await send_response(send, response, head)
            return
        if head.path.endswith("/negotiate"):
            send = _with_cookies_and_bare_refusals(send)
        serving = self._echo if self._echo.serves(scope) else super().__call__
        await serving(scope, receive, send)

    async def _own(self, head: HttpRequest) -> HttpResponse | None:
        if head.path.startswith("/echoredirect"):
            query = "&".join(f"{name}={value}" for name, value in head.query.items())
            location = f"{head.path.replace('echoredirect', 'echo')}?{query}"
            return HttpResponse(307, headers={"location": location})
        if head.path.startswith("/redirect"):
            self._redirects += 1
            url = f"{head.query['baseUrl']}/testhub?numRedirects={self._redirects}"
            return HttpResponse(200, msgspec.json.encode({"url": url}))
        if head.path.startswith("/bad-negotiate"):
            return HttpResponse(400, b"Some response from server", "text/plain")
        if head.path == "/generateJwtToken":
            token = self._suite_authenticator.authority.issue("testuser", "Test User", 30)
            return HttpResponse(200, token.encode(), "text/plain")
        if head.path.startswith("/clientresult/"):
            return HttpResponse(200, (await self._ask(head.path.split("/")[2])).encode(), "text/plain")
        return error_response(404, "There is nothing here.") if head.path == "/uncreatable" else None

    async def _ask(self, connection_id: str) -> str:
        try:
            client = self.hub_context("/testhub").clients.client(connection_id)
            return str(await client.invoke("Result", timeout=30))
        except HubException as error:
            return str(error)


def _with_cookies_and_bare_refusals(send: Send) -> Send:
    """Set the suite's cookies; a 401 goes out without a body, or clients show that instead of the status."""
    bare = False

    async def sending(message: Any) -> None:
        nonlocal bare
        if message["type"] == "http.response.start":
            bare = message["status"] == 401
            kept = [
                (name, b"0" if bare and name == b"content-length" else value)
                for name, value in message["headers"]
            ]
            message["headers"] = [*kept, *((b"set-cookie", cookie.encode()) for cookie in _COOKIES)]
        elif bare:
            message["body"] = b""
        await send(message)

    return sending


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="The server for Microsoft's functional tests")
    parser.add_argument("--port", type=int, default=5005)
    options = parser.parse_args()
    asyncio.run(
        serve(
            FunctionalApp(), port=options.port, on_ready=lambda url: print(f"listening on {url}", flush=True)
        )
    )


if __name__ == "__main__":
    main()
