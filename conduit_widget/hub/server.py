"""Runs a hub application on uvicorn with our WebSocket class: one port, clean drain, exit 0 on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

import uvicorn

from conduit_widget.cancellation import cancel_and_wait
from conduit_widget.errors import AddressUnusableError, HubStartError
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.logs.redaction import install_redaction
from conduit_widget.hub.open_files import OpenFiles, strangers_limit
from conduit_widget.log_rate import OnceAMinute
from conduit_widget.transports.server.request_patience import guarded_http
from conduit_widget.transports.server.strangers import Strangers
from conduit_widget.transports.server.websocket import bounded_websocket

DRAIN_TIMEOUT: Final = 5.0
FORCED_TIMEOUT: Final = 2.0
KEEP_ALIVE_TIMEOUT: Final = 5
ACCEPTED_A_TURN: Final = 4
"""asyncio accepts so many in a turn, and fails that often when there is no file left."""
BACKLOG: Final = 2048
"""How many may wait in the system to be accepted."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

_logger = logging.getLogger(__name__)
_once_a_minute = OnceAMinute()  # uvicorn warns of every request it cannot read


class _Server(uvicorn.Server):
    """Uvicorn that drains the hub before it closes anything, and leaves signals to :func:`serve`."""

    def __init__(
        self,
        config: uvicorn.Config,
        app: HubApp,
        on_started: Callable[[], None],
        drain_seconds: float | None,
    ) -> None:
        super().__init__(config)
        self._hub = app
        self._on_started = on_started
        self._drain_seconds = drain_seconds
        self._forced = asyncio.Event()

    def request_shutdown(self) -> None:
        """End gently; told once more, end at once."""
        if self.should_exit:
            self.force_exit = True
            self._hub.hurry_drain()
            self._forced.set()
        self.should_exit = True
        self._hub.begin_drain()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing: uvicorn would raise the signal again after a clean end, and exit with its number."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say goodbye to every connection, then stop listening; told twice to end, wait for little more."""
        ending = asyncio.ensure_future(self._end(sockets))
        forced = asyncio.ensure_future(self._forced.wait())
        await asyncio.wait((ending, forced), return_when=asyncio.FIRST_COMPLETED)
        forced.cancel()
        await asyncio.wait((ending,), timeout=FORCED_TIMEOUT)
        if not ending.done():
            _logger.warning("The hub was told twice to end: what still ran is cut off.")
            await cancel_and_wait(ending)
        else:
            ending.result()

    async def _end(self, sockets: list[socket.socket] | None) -> None:
        await self._hub.drain(DRAIN_TIMEOUT, self._drain_seconds)
        await super().shutdown(sockets)
        if self.force_exit:  # uvicorn leaves it out then, but the store wants to be closed
            await self.lifespan.shutdown()


async def serve(
    app: HubApp,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    on_ready: Callable[[str], None] = print,
    stop: asyncio.Event | None = None,
    access_log: bool = False,
    compression: bool = True,
    drain_seconds: float | None = None,
) -> None:
    """Serve until SIGINT, SIGTERM or ``stop``; then drain and return. A second signal ends it at once.

    ``on_ready`` gets the URL once connections are accepted, and prints it unless given; port 0 picks a free
    one. Logging is left as it
    is, except that tokens and keys are taken out of every line. ``compression`` lets WebSocket clients
    negotiate permessage-deflate. ``drain_seconds``: see ``spread`` of :meth:`HubApp.drain`.

    Raises:
        HubStartError: the address cannot be bound, or the application does not start.

    """
    install_redaction()
    logging.getLogger("uvicorn.error").addFilter(_once_a_minute)
    listener = bound_listener(host, port)
    strangers = Strangers(strangers_limit())
    config = uvicorn.Config(
        app,
        http=guarded_http(
            max_head_bytes=app.limits.max_head_bytes,
            head_timeout=app.limits.head_timeout,
            body_timeout=app.limits.body_timeout,
            strangers=strangers,
        ),
        ws=bounded_websocket(app.limits.max_inflated_bytes, strangers),
        backlog=ACCEPTED_A_TURN,
        ws_per_message_deflate=compression,
        ws_max_size=app.limits.max_frame_bytes,
        lifespan="on",
        log_config=None,
        access_log=access_log,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_TIMEOUT,
        timeout_graceful_shutdown=int(DRAIN_TIMEOUT),
    )

    def started() -> None:
        listener.listen(BACKLOG)
        on_ready(_url(listener))

    server = _Server(config, app, started, drain_seconds)
    with contextlib.closing(listener), _signals(server), _out_of_files(app.open_files, strangers):
        ender = asyncio.create_task(_end_on(stop, server)) if stop is not None else None
        try:
            await server.serve(sockets=[listener])
        except SystemExit as error:
            raise app.start_error or HubStartError("The hub could not start; the log says why.") from error
        finally:
            if ender is not None:
                ender.cancel()
    if not server.started:
        raise app.start_error or HubStartError("The hub could not start; the log says why.")


def bound_listener(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address and does not listen yet.

    Raises:
        AddressUnusableError: it cannot be bound.

    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # asyncio sets TCP_NODELAY only where the protocol is named; without it Nagle costs 50 ms an answer.
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise AddressUnusableError(f"The address {host}:{port} is not usable: {error.strerror}.") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise AddressUnusableError(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
    listener.setblocking(False)
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.contextmanager
def _signals(server: _Server) -> Iterator[None]:
    """End the server on SIGINT and SIGTERM, where this thread may handle signals."""
    loop = asyncio.get_running_loop()
    handled = []
    for number in _SIGNALS:
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, server.request_shutdown)
            handled.append(number)
    try:
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def _out_of_files(open_files: OpenFiles, strangers: Strangers) -> Iterator[None]:
    """Drop a stranger, and keep the log small, when asyncio finds no file for a connection."""
    loop = asyncio.get_running_loop()
    previous = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if open_files.missed(context):
            strangers.drop(1)
        elif previous is not None:
            previous(loop, context)
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)
    try:
        yield
    finally:
        loop.set_exception_handler(previous)


async def _end_on(stop: asyncio.Event, server: _Server) -> None:
    await stop.wait()
    if not server.should_exit:
        server.request_shutdown()
