"""``conduit/hubs/…`` and ``conduit/files…``: the hub, for pages of this server, as their signed-in user."""

from __future__ import annotations

import asyncio
import contextlib
import http
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from conduit_widget.jupyter.guarded import Guarded

if TYPE_CHECKING:
    from conduit_widget.jupyter.relay.http_relay import BodyPipe
    from conduit_widget.jupyter.relay.hub_tickets import Ticket
    from conduit_widget.jupyter.relay.socket_relay import HubSocket

MAX_MESSAGE_BYTES: Final = 1024 * 1024
"""Of a page's WebSocket message; the hub's own limit is lower and says so in words."""

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_RELAYED: Final = frozenset({"GET", "HEAD", "DELETE"}) | _WITH_BODY
_UNAVAILABLE: Final = 503


@web.stream_request_body
class HubProxy(WebSocketHandler, Guarded):
    """Relays one request, or one WebSocket. The extension puts the user's token in.

    A request with a body is relayed while the body comes. Jupyter's limit of a body counts as well.
    """

    _is_read = False
    _body: BodyPipe | None = None
    _relaying: asyncio.Task[None] | None = None
    _socket: HubSocket | None = None
    _reading: asyncio.Task[None] | None = None

    @property
    def max_message_size(self) -> int:
        """Bytes of a page's message."""
        return MAX_MESSAGE_BYTES

    def check_origin(self, origin_to_satisfy_tornado: str = "") -> bool:
        """Return whether the page may ask, as Jupyter says."""
        return Guarded.check_origin(self, origin_to_satisfy_tornado)

    async def prepare(self, *, _redirect_to_login: bool = False) -> None:
        """Let in or refuse, then begin to relay."""
        await super().prepare()
        if self.request.method not in _RELAYED:
            raise web.HTTPError(405)
        self._access = await self.hub_access()
        if not self._is_websocket:
            from conduit_widget.jupyter.relay.http_relay import BodyPipe  # noqa: PLC0415 - as in the view's socket

            self._body = BodyPipe() if self.request.method in _WITH_BODY else None
            self._relaying = asyncio.create_task(self._relay())

    @property
    def _is_websocket(self) -> bool:
        return self.request.headers.get("Upgrade", "").lower() == "websocket"

    @property
    def _prefix(self) -> str:
        return str(url_path_join(self.base_url, "conduit"))

    def _address(self, ticket: Ticket) -> str:
        from conduit_widget.errors import ValidationError  # noqa: PLC0415
        from conduit_widget.jupyter.relay.proxied import hub_address  # noqa: PLC0415

        try:
            return hub_address(ticket, self.request.path.removeprefix(self._prefix), self.request.query)
        except ValidationError as error:
            raise web.HTTPError(404, str(error)) from None

    # ---- requests --------------------------------------------------------------------------------------

    async def data_received(self, chunk: bytes) -> None:
        """Pass a piece of the body on; the next one comes when there is room."""
        if self._body is not None:
            await self._body.put(chunk)

    @ws_authenticated
    async def get(self, *_: Any) -> None:
        """Relay a request without a body, or become a WebSocket."""
        if self._is_websocket:
            await self._connect()
            await super().get()
        else:
            await self._relayed()

    @web.authenticated
    async def head(self, *_: Any) -> None:
        """Relay."""
        await self._relayed()

    @web.authenticated
    async def delete(self, *_: Any) -> None:
        """Relay."""
        await self._relayed()

    @web.authenticated
    async def post(self, *_: Any) -> None:
        """Relay: all of the body has come."""
        await self._relayed()

    put = patch = post

    async def _relayed(self) -> None:
        self._is_read = True
        if self._body is not None:
            await self._body.put(None)
        if self._relaying is not None:
            await self._relaying

    async def _relay(self) -> None:
        """Relay, whatever becomes of it; the answer may come before the end of the body."""
        from conduit_widget.errors import ConduitError  # noqa: PLC0415

        try:
            await self._ask_hub()
        except web.HTTPError as error:
            self._fail(error)
        except ConduitError as error:
            self._fail(web.HTTPError(_UNAVAILABLE, str(error)))
        finally:
            if self._body is not None:
                self._body.close()

    async def _ask_hub(self) -> None:
        import httpx2  # noqa: PLC0415

        from conduit_widget.jupyter.relay.proxied import hub_headers  # noqa: PLC0415

        for is_last in (False, True):
            ticket = await self.extension.tickets.get(self._access)
            headers = hub_headers(ticket, self.request.headers)
            url = self._address(ticket)
            try:
                await self.extension.hub_http.relay(self._method, url, headers, self._body, self)
                break
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                # The hub has ended, or is another one by now: it is found, or started, once more.
                self.extension.tickets.forget(self._access)
                if is_last:
                    raise web.HTTPError(_UNAVAILABLE, "The hub does not answer.") from None
            except httpx2.HTTPError as error:
                raise web.HTTPError(502, f"The hub's answer broke off ({type(error).__name__}).") from None
            except StreamClosedError:
                return  # the page has gone
        await self.finish()

    @property
    def _method(self) -> str:
        assert self.request.method is not None
        return self.request.method

    async def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the head of the hub's answer, at once: a stream of events may be silent for a while."""
        from conduit_widget.jupyter.relay.proxied import page_headers  # noqa: PLC0415

        if status == 401:
            self.extension.tickets.forget(self._access)
        self.clear_header("Content-Type")
        self.set_status(status)
        if self._method in _WITH_BODY:
            self._say_goodbye()
        for name, value in page_headers(headers, self._prefix).items():
            self.set_header(name, value)
        await self.flush()

    async def more(self, piece: bytes) -> None:
        """Send a piece of the hub's answer."""
        self.write(piece)
        await self.flush()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what went wrong, in JSON."""
        self._say_goodbye()
        super().write_error(status_code, **kwargs)

    def _say_goodbye(self) -> None:
        """Tell the page that its connection ends with this answer: the rest of its body is not read."""
        if not self._is_read:
            self.set_header("Connection", "close")

    def compute_etag(self) -> None:
        """Return none: the hub has said what there is to say."""

    def _fail(self, error: web.HTTPError) -> None:
        """Say what went wrong; where a part of the answer has gone out, cut the connection."""
        if self._headers_written:
            self.detach().close()
        elif not self._finished:
            self.send_error(error.status_code, exc_info=(type(error), error, None))

    # ---- WebSockets ------------------------------------------------------------------------------------

    async def _connect(self) -> None:
        from conduit_widget.errors import ConduitError  # noqa: PLC0415
        from conduit_widget.jupyter.relay.proxied import hub_headers  # noqa: PLC0415
        from conduit_widget.jupyter.relay.socket_relay import HubSocket, RefusedByHubError  # noqa: PLC0415

        for is_last in (False, True):
            try:
                ticket = await self.extension.tickets.get(self._access)
                headers = hub_headers(ticket, self.request.headers)
                self._socket = await HubSocket.open(self._address(ticket), headers)
            except RefusedByHubError as error:
                raise web.HTTPError(error.status, str(error)) from None
            except ConduitError as error:
                self.extension.tickets.forget(self._access)
                if is_last:
                    raise web.HTTPError(_UNAVAILABLE, str(error)) from None
            else:
                return

    async def open(self, *_: str) -> None:
        """Begin to pass on what the hub says."""
        self.extension.proxied.add(self)
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        socket = self._socket
        assert socket is not None
        with contextlib.suppress(WebSocketClosedError, StreamClosedError):
            code, reason = await socket.read(self._pass_on)
            self.close(code, reason)

    async def _pass_on(self, message: str | bytes) -> None:
        await self.write_message(message, binary=isinstance(message, bytes))

    async def on_message(self, message: str | bytes) -> None:
        """Pass on what the page says; the next message is read when the hub has taken this one."""
        if self._socket is not None:
            await self._socket.send(message)

    def on_connection_close(self) -> None:
        """End what goes on for a page that has gone."""
        super().on_connection_close()
        self.extension.proxied.discard(self)
        if self._relaying is not None:
            self._relaying.cancel()
        self._close_socket()

    def on_finish(self) -> None:
        """Close the hub's side where the page's WebSocket did not come about."""
        if self.get_status() != http.HTTPStatus.SWITCHING_PROTOCOLS:
            self._close_socket()

    def _close_socket(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            self._closing = asyncio.create_task(socket.close())
