"""``Chat``: a live chat in a notebook cell, and the same chat at the Python prompt.

Threads: the constructor, :meth:`Chat.close` and the API run on the caller's thread and only hand over;
views' messages arrive on the kernel's shell or subshell threads and only hand over; the conversation, the
batcher and every comm send live on the loop thread. Listeners (:meth:`Chat.on_message`) run on the callback
thread. Outside Jupyter everything works except being shown: there is no comm, and the API is the whole of it.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import contextvars
import inspect
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import anywidget
import traitlets

from conduit_widget.client.changes import ConnectionInfo
from conduit_widget.client.conversation import PATIENCE
from conduit_widget.client.hub_access import HubAccess, resolve_access
from conduit_widget.contract import MAX_ID_CHARS
from conduit_widget.errors import (
    ConduitError,
    ConnectionFailedError,
    InvocationTimeoutError,
    ValidationError,
)
from conduit_widget.kernel.comm_batcher import CommBatcher
from conduit_widget.kernel.loop_thread import LoopThread, loop_thread
from conduit_widget.kernel.subshell import route_to_sender
from conduit_widget.types import ChatMessage, Participant, SendReceipt
from conduit_widget.widget import display
from conduit_widget.widget.backend import ChatBackend, Listener, connection_pool
from conduit_widget.widget.front_end import front_end_source
from conduit_widget.widget.pending import Pending
from conduit_widget.widget.question import user_message
from conduit_widget.widget.stream import ChatStream
from conduit_widget.widget.view_link import ViewLink

_T = TypeVar("_T")
_Opened = concurrent.futures.Future[tuple[ChatBackend, ViewLink]]

READ_TIMEOUT: Final = 5.0
CLOSE_TIMEOUT: Final = 2.0
CONNECT_TIMEOUT: Final = 30.0

_batchers: weakref.WeakKeyDictionary[LoopThread, CommBatcher] = weakref.WeakKeyDictionary()


class Chat(anywidget.AnyWidget):
    """A chat with a model and with everybody else in the same conversation.

    Args:
        conversation_id: conversations with the same id are the same conversation.
        user: who you are on the local hub (default: ``CONDUIT_USER``, else the OS user).
        user_name: your name there (default: ``CONDUIT_USER_NAME``, else ``user``).
        height: height in px; 0 for the default.
        hub_url: another hub (default: ``CONDUIT_HUB_URL``, else the local hub, started if need be).
        token: access token for that hub, or a function returning one (default: ``CONDUIT_HUB_TOKEN``).

    Returns at once: the hub is found, started and joined in the background; problems show in the chat and in
    :attr:`connection`.

    Raises:
        FrontEndMissingError: the browser part was not built.
        ValidationError: an argument no hub would take.
        ConnectionFailedError: ``hub_url`` is not an address.

    """

    _esm = traitlets.Unicode().tag(sync=True)
    conversation_id = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(
        self,
        conversation_id: str = "main",
        *,
        user: str | None = None,
        user_name: str | None = None,
        height: int = 0,
        hub_url: str | None = None,
        token: str | Callable[[], str | None] | None = None,
    ) -> None:
        if not 0 < len(conversation_id) <= MAX_ID_CHARS:
            raise ValidationError("conversation_id", f"needs 1 to {MAX_ID_CHARS} characters.")
        source = front_end_source()
        access = resolve_access(hub_url=hub_url, token=token, user=user, user_name=user_name)
        super().__init__(_esm=source, conversation_id=conversation_id, height=height)
        self._name = conversation_id
        self._thread = loop_thread()
        self._opened: _Opened | None = self._thread.submit(self._open(access, self.comm))
        self.on_msg(_hand_over)

    async def _open(self, access: HubAccess, comm: Any) -> tuple[ChatBackend, ViewLink]:
        """Runs on the loop thread. ``comm`` is kept: the trait is set to None by another thread on close."""
        route_to_sender(comm)

        def send(content: dict[str, Any]) -> None:
            comm.send({"method": "custom", "content": content})

        backend = ChatBackend(self._name, access, connection_pool(self._thread))
        batcher = _batchers.setdefault(self._thread, CommBatcher(self._thread.loop.call_later))
        link = ViewLink(backend, batcher, send)
        backend.open()
        return backend, link

    # ---- crossing to the loop thread -------------------------------------------------------------------

    def _parts(self) -> tuple[ChatBackend, ViewLink]:
        """Backend and link; waits for the moment it takes to make them."""
        opened: _Opened | None = getattr(self, "_opened", None)
        if opened is None:
            raise ConduitError("This chat is closed: create a new one.")
        return opened.result(READ_TIMEOUT)

    @property
    def _backend(self) -> ChatBackend:
        return self._parts()[0]

    def _pending(self, what: str, coroutine: Coroutine[Any, Any, _T]) -> Pending[_T]:
        return Pending(what, self._thread.submit(coroutine))

    def _read(self, function: Callable[[ChatBackend], _T]) -> _T:
        """Read state where it lives: on the loop thread, its only writer."""
        backend = self._backend
        if self._thread.is_current:
            return function(backend)

        async def read() -> _T:
            return function(backend)

        return self._thread.submit(read()).result(READ_TIMEOUT)

    # ---- at the prompt ---------------------------------------------------------------------------------

    def send(
        self,
        text: str,
        *,
        model: str | None = None,
        provider: str | None = None,
        respond: bool | None = None,
        **parameters: Any,
    ) -> Pending[SendReceipt]:
        """Send a message; the receipt comes after the hub has committed it.

        ``respond`` overrides whether the model answers; parameters as for :meth:`ask`.

        Raises:
            ValidationError: the text is empty or too long.

        """
        message = user_message(text, model=model, provider=provider, respond=respond, **parameters)
        return self._pending("send", self._backend.send(message, patience=PATIENCE))

    def ask(
        self,
        text: str,
        *,
        model: str | None = None,
        provider: str | None = None,
        timeout: float | None = None,
        **parameters: Any,
    ) -> Pending[ChatMessage]:
        """Send a question; the result is the finished answer (``.text``).

        ``parameters``: temperature, top_p, max_tokens, stop, seed, system_prompt. ``timeout`` in seconds;
        giving up (also by interrupting the cell) stops the generation.

        Raises (when awaited):
            InvocationTimeoutError: not finished in time.
            ProviderError: the model failed.
            ConduitError: what else went wrong, in one line.

        """
        message = user_message(text, model=model, provider=provider, respond=True, **parameters)
        return self._pending("ask", self._backend.ask(message, timeout))

    def stream(
        self, text: str, *, model: str | None = None, provider: str | None = None, **parameters: Any
    ) -> ChatStream:
        """Return an iterator over the answer's text (``async for``, ``for``); options of :meth:`ask`."""
        message = user_message(text, model=model, provider=provider, respond=True, **parameters)
        return ChatStream(self._thread, self._backend, message)

    def stop(self) -> Pending[None]:
        """Stop the answers being written in this conversation; the text so far is kept."""
        return self._pending("stop", self._backend.stop())

    @property
    def messages(self) -> list[ChatMessage]:
        """The messages known here, oldest first; an open answer with its text so far."""
        return self._read(lambda backend: backend.messages())

    @property
    def participants(self) -> list[Participant]:
        """Who is in the conversation now."""
        return self._read(lambda backend: list(backend.conversation.transcript.participants))

    @property
    def connection(self) -> ConnectionInfo:
        """State of the way to the hub: ``state``, ``attempt``, ``retry_at`` (epoch ms), ``message``."""
        return self._read(lambda backend: backend.conversation.link)

    def wait_connected(self, timeout: float = CONNECT_TIMEOUT) -> None:
        """Block until the conversation is live, up to ``timeout`` seconds.

        Raises:
            ConnectionFailedError: it is not, or the hub refuses us (AuthenticationError where it refuses the
                token), which is raised at once; the text says why.
            HubException: we are not a member.

        """
        pending = self._pending("connecting", self._backend.conversation.wait_live())
        try:
            pending.result(timeout)
        except InvocationTimeoutError:
            pending.cancel()
            link = self.connection
            why = link.message or f"still {link.state} after {timeout:g} s."
            raise ConnectionFailedError(f"The chat is not connected: {why}") from None

    def on_message(self, function: Listener) -> Callable[[], None]:
        """Call ``function(message)`` for every finished message from now on; returns the unsubscriber.

        Called in a background thread of its own, one message at a time: it may block and may use this chat.
        What it prints appears under the cell that registered it; what it raises is logged.
        """
        if inspect.iscoroutinefunction(function):
            raise TypeError("on_message needs a plain function; inside it, use `.result()` to wait.")
        key, backend = object(), self._backend
        self._thread.call(backend.add_listener, key, contextvars.copy_context(), function)
        return lambda: self._thread.call(backend.remove_listener, key)

    # ---- display and end -------------------------------------------------------------------------------

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        if getattr(self, "_opened", None) is None:
            return None  # closed: the repr is all there is
        return display.mimebundle(self._name, self.model_id, self.messages), {}

    def __repr__(self) -> str:
        closed = "" if getattr(self, "_opened", None) is not None else " (closed)"
        return display.plain_text(getattr(self, "_name", "")) + closed

    def close(self) -> None:
        """Leave the conversation and release everything: views, comm, connection, listeners. Idempotent."""
        opened: _Opened | None = getattr(self, "_opened", None)
        self._opened = None
        if opened is not None:
            self.on_msg(_hand_over, remove=True)
            with contextlib.suppress(RuntimeError):  # the loop is gone at the interpreter's end
                silenced = self._thread.submit(_shut_down(opened))
                self._wait_briefly(silenced)
        comm = self.comm
        if comm is not None:  # a constructor that failed has none, and asking for its layout would make one
            self.layout.close()
            comm.on_msg(None)
        super().close()

    def _wait_briefly(self, future: concurrent.futures.Future[None]) -> None:
        """Let the last comm message leave before the comm closes; never wait on the loop thread itself."""
        if not self._thread.is_current:
            with contextlib.suppress(TimeoutError, concurrent.futures.CancelledError):
                future.result(CLOSE_TIMEOUT)


async def _shut_down(opened: _Opened) -> None:
    """Runs on the loop thread after :meth:`Chat._open`, which was submitted earlier."""
    backend, link = opened.result(0)
    link.close()
    await backend.close()


def _hand_over(chat: Chat, content: object, _buffers: object) -> None:
    """A view's message, on a shell or subshell thread: nothing is done here but passing it on."""
    opened = chat._opened
    if opened is not None:
        chat._thread.call(_deliver, opened, content)


def _deliver(opened: _Opened, content: object) -> None:
    if opened.done() and not opened.cancelled() and opened.exception() is None:
        opened.result()[1].handle(content)
