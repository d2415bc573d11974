"""``conduit/view?conversation=ID``: the WebSocket of a view that has no kernel."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from jupyter_server.auth.decorator import ws_authenticated
from tornado import web
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from conduit_widget.jupyter.guarded import Guarded
from conduit_widget.jupyter.loading import loaded

if TYPE_CHECKING:
    from conduit_widget.jupyter.views.outbox import ViewOutbox
    from conduit_widget.jupyter.views.session import ViewSession
    from conduit_widget.kernel.loop_thread import LoopThread

MAX_MESSAGE_BYTES: Final = 1024 * 1024
"""Of a view's message. A text that no hub takes has to come in, to be refused in words."""

PING_INTERVAL: Final = 30.0

UNSUPPORTED: Final = 1003
INVALID: Final = 1007
TRY_AGAIN_LATER: Final = 1013


class ViewSocket(WebSocketHandler, Guarded):
    """Carries the messages of one view; :class:`.ViewSession` acts on them on the loop thread.

    Pings keep the connection through proxies and end one that nobody reads. The next message is read when the
    one before has been acted on.
    """

    _session: ViewSession | None = None
    _sending: asyncio.Task[None] | None = None
    _thread: LoopThread
    _outbox: ViewOutbox
    _user_id: str

    @property
    def max_message_size(self) -> int:
        """Bytes; a larger message ends the connection with code 1009."""
        return MAX_MESSAGE_BYTES

    @property
    def ping_interval(self) -> float:
        """Seconds between pings, as for kernels; a pong has as long to come."""
        milliseconds: float = self.settings.get("ws_ping_interval", PING_INTERVAL * 1000)
        return milliseconds / 1000

    def check_origin(self, origin_to_satisfy_tornado: str = "") -> bool:
        """Return whether the page may connect, as Jupyter says: tornado's own rule knows no setting."""
        return Guarded.check_origin(self, origin_to_satisfy_tornado)

    def set_default_headers(self) -> None:
        """Set none: they make no sense for a WebSocket."""

    def get_compression_options(self) -> dict[str, Any] | None:
        """Return what the Jupyter server is configured with."""
        options: dict[str, Any] | None = self.settings.get("websocket_compression_options")
        return options

    @ws_authenticated
    async def get(self) -> None:
        """Check everything, then become a WebSocket."""
        await loaded()
        from conduit_widget.errors import ConduitError  # noqa: PLC0415
        from conduit_widget.jupyter.views.outbox import ViewOutbox  # noqa: PLC0415
        from conduit_widget.jupyter.views.session import ViewSession  # noqa: PLC0415
        from conduit_widget.kernel.loop_thread import loop_thread  # noqa: PLC0415
        from conduit_widget.widget.chat.backend import check_conversation  # noqa: PLC0415

        try:
            conversation_id = check_conversation(self.get_query_argument("conversation", "main"))
        except ConduitError as error:
            raise web.HTTPError(400, str(error)) from None
        may_write = await self.may_write()
        access = await self.hub_access()
        loop = asyncio.get_running_loop()
        self._user_id = access.identity.user_id
        self._thread = loop_thread()
        self._outbox = ViewOutbox(
            ready=lambda: _call(loop, self._begin_to_send),
            caught_up=self._ask_for_state,
            overflowed=lambda: _call(loop, self.close, TRY_AGAIN_LATER, "The view reads too slowly."),
        )
        self._session = ViewSession(self._thread, access, conversation_id, self._outbox, may_write=may_write)
        await super().get()

    async def open(self) -> None:
        """Open the session, unless its user has as many as may be."""
        refusal = self.extension.views.add(self, self._user_id)
        if refusal is None:
            assert self._session is not None
            await asyncio.wrap_future(self._thread.submit(self._session.open()))
        else:
            self._session = None
            self.close(TRY_AGAIN_LATER, refusal)

    async def on_message(self, message: str | bytes) -> None:
        """Hand a message over, and wait until it was acted on."""
        from conduit_widget.errors import ConduitError  # noqa: PLC0415
        from conduit_widget.jupyter.views.frames import decode_text  # noqa: PLC0415

        if isinstance(message, bytes):
            self.close(UNSUPPORTED, "A view sends text frames.")
            return
        try:
            content = decode_text(message)
        except ConduitError as error:
            self.close(INVALID, str(error))
            return
        await self._hand_over(content)

    async def _hand_over(self, content: object) -> None:
        if self._session is not None:
            with contextlib.suppress(RuntimeError):  # the process ends
                await asyncio.wrap_future(self._thread.submit(self._session.handle(content)))

    def on_close(self) -> None:
        """Let the session leave; nobody waits for it."""
        session, self._session = self._session, None
        if session is not None:
            self._outbox.close()
            self.extension.views.remove(self)
            with contextlib.suppress(RuntimeError):  # the process ends
                self.extension.views.leave(self._thread.submit(session.leave()))

    # ---- towards the view ------------------------------------------------------------------------------

    def _begin_to_send(self) -> None:
        if self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send_all())

    async def _send_all(self) -> None:
        while (frame := self._outbox.first()) is not None:
            data, is_binary = frame
            try:
                await self.write_message(data, binary=is_binary)
            except (WebSocketClosedError, StreamClosedError):
                return  # `on_close` follows
            self._outbox.sent()

    def _ask_for_state(self) -> None:
        """Have a view that missed something brought up to date, as if it had come anew."""
        self._catching_up = asyncio.get_running_loop().create_task(self._hand_over({"kind": "hello"}))


def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *arguments: object) -> None:
    """Call a function on Jupyter's event loop soon; do nothing once that is closed."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *arguments)
