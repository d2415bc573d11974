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
import os
import uuid
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, Final, NoReturn, TypeVar

import anywidget
import traitlets

from conduit_widget.access.hub_access import HubAccess, resolve_access
from conduit_widget.chat_client.changes import ConnectionInfo
from conduit_widget.chat_client.conversation import PATIENCE
from conduit_widget.contract import MAX_ID_CHARS
from conduit_widget.errors import (
    ConduitError,
    ConnectionFailedError,
    InvocationTimeoutError,
    ValidationError,
)
from conduit_widget.kernel import cell_output
from conduit_widget.kernel.cell_output import CellOutput
from conduit_widget.kernel.comm_batcher import CommBatcher
from conduit_widget.kernel.loop_thread import LoopThread, loop_thread
from conduit_widget.kernel.subshell import route_to_sender
from conduit_widget.types import ChatMessage, Participant, SendReceipt
from conduit_widget.widget import display
from conduit_widget.widget.backend import ChatBackend, Listener, open_conversations
from conduit_widget.widget.front_end import SILENT_MODULE, front_end
from conduit_widget.widget.listening import Listening
from conduit_widget.widget.pending import Pending, check_timeout
from conduit_widget.widget.pending_answer import PendingAnswer
from conduit_widget.widget.question import user_message
from conduit_widget.widget.saved_transcript import SavedTranscript
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
        layout: an ipywidgets ``Layout`` or a mapping of its traits, as for every widget.

    Returns at once: the hub is found, started and joined in the background; problems show in the chat and in
    :attr:`connection`.

    Raises:
        FrontEndMissingError: the browser part was not built.
        ValidationError: an argument no hub would take.
        ConnectionFailedError: ``hub_url`` is not an address.

    """

    # What only the kernel sets is not taken from a view.
    _esm = traitlets.Unicode().tag(sync=True, from_json=lambda _value, chat: chat._esm, echo_update=False)
    conversation_id = traitlets.Unicode().tag(
        sync=True, from_json=lambda _value, chat: chat.conversation_id, echo_update=False
    )
    height = traitlets.Int(0, min=0).tag(sync=True)
    saved_class = traitlets.Unicode(help="CSS class of the saved transcript.").tag(
        sync=True, from_json=lambda _value, chat: chat.saved_class, echo_update=False
    )

    def __init__(
        self,
        conversation_id: str = "main",
        *,
        user: str | None = None,
        user_name: str | None = None,
        height: int = 0,
        hub_url: str | None = None,
        token: str | Callable[[], str | None] | None = None,
        layout: Any = None,
    ) -> None:
        _check_text("conversation_id", conversation_id)
        if not 0 < len(conversation_id) <= MAX_ID_CHARS:
            raise ValidationError("conversation_id", f"needs 1 to {MAX_ID_CHARS} characters.")
        for name, value in {"user": user, "user_name": user_name, "hub_url": hub_url}.items():
            if value is not None:
                _check_text(name, value)
        if token is not None and not callable(token):
            _check_text("token", token, "a string or a function that returns one")
        _check_height(height)
        browser_part = front_end("chat")
        access = resolve_access(hub_url=hub_url, token=token, user=user, user_name=user_name)
        super().__init__(
            **browser_part,
            conversation_id=conversation_id,
            height=height,
            saved_class=f"conduit-{uuid.uuid4().hex[:12]}",
            **({} if layout is None else {"layout": layout}),
        )
        self._name = conversation_id
        self._process = os.getpid()
        self._output: CellOutput | None = None
        self._forget_cells: Callable[[], None] = lambda: None
        self._thread = loop_thread()
        self._opened: _Opened | None = self._thread.submit(
            self._open(access, self.comm, contextvars.copy_context())
        )
        self.on_msg(_hand_over)

    async def _open(
        self, access: HubAccess, comm: Any, context: contextvars.Context
    ) -> tuple[ChatBackend, ViewLink]:
        """Runs on the loop thread. ``comm`` is kept: the trait is set to None by another thread on close.

        Messages leave in ``context``, the constructor's: ipykernel 7.0 sends none without a cell in it.
        """
        route_to_sender(comm)

        def send(content: dict[str, Any]) -> None:
            context.run(comm.send, {"method": "custom", "content": content})

        backend = ChatBackend(self._name, access, open_conversations(self._thread))
        batcher = _batchers.setdefault(self._thread, CommBatcher(self._thread.loop.call_later))
        link = ViewLink(backend, batcher, send)
        backend.enter()
        return backend, link

    @traitlets.validate("conversation_id")
    def _keep_conversation(self, proposal: Any) -> str:
        value: str = proposal["value"]
        name = getattr(self, "_name", None)
        if name is not None and value != name:
            raise ValidationError("conversation_id", "is a chat's for good: create another, Chat(…).")
        return value

    # ---- crossing to the loop thread -------------------------------------------------------------------

    def _parts(self) -> tuple[ChatBackend, ViewLink]:
        """Backend and link; waits for the moment it takes to make them."""
        opened: _Opened | None = getattr(self, "_opened", None)
        if opened is None:
            raise ConduitError("This chat is closed: create a new one.")
        if self._process != os.getpid():
            raise ConduitError(
                f"This chat was made in another process: create {self._name_call} in this one."
            )
        return opened.result(READ_TIMEOUT)

    @property
    def _name_call(self) -> str:
        return display.plain_text(self._name)

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
            await backend.came_back()
            return function(backend)

        return self._wait(read())

    def _wait(self, reading: Coroutine[Any, Any, _T]) -> _T:
        """Wait for something that takes a moment only.

        Raises:
            InvocationTimeoutError: the loop thread is busy with something else.

        """
        try:
            return self._thread.submit(reading).result(READ_TIMEOUT)
        except concurrent.futures.TimeoutError:
            raise InvocationTimeoutError("reading the chat", READ_TIMEOUT) from None

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
    ) -> PendingAnswer:
        """Send a question; the result is the finished answer (``.text``).

        ``parameters``: temperature, top_p, max_tokens, stop, seed, system_prompt. ``timeout`` in seconds;
        giving up (also by interrupting the cell) stops the generation.

        Raises (when awaited):
            InvocationTimeoutError: not finished in time.
            ProviderError: the model failed.
            ConduitError: what else went wrong, in one line.

        """
        check_timeout(timeout)
        message = user_message(text, model=model, provider=provider, respond=True, **parameters)
        backend = self._backend
        return PendingAnswer(self._thread, lambda begun: backend.ask(message, timeout, begun))

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
        pending = self._pending("connecting", _wait_live(self._backend))
        try:
            pending.result(timeout)
        except InvocationTimeoutError:
            pending.cancel()
            link = self.connection
            if link.state == "live":
                return
            why = link.message or f"still {link.state} after {timeout:g} s."
            raise ConnectionFailedError(f"The chat is not connected: {why}") from None

    def on_message(self, function: Listener) -> Listening:
        """Call ``function(message)`` for every finished message from now on, until what it returns is called.

        Called in a background thread of its own, one message at a time: it may block and may use this chat.
        What it prints appears under the cell that registered it; what it raises is logged.
        """
        if not callable(function):
            raise TypeError(f"on_message needs a function, not {type(function).__name__}.")
        if inspect.iscoroutinefunction(function):
            raise TypeError("on_message needs a plain function; inside it, use `.result()` to wait.")
        key, backend = object(), self._backend
        self._thread.call(backend.add_listener, key, contextvars.copy_context(), function)
        return Listening(lambda: self._thread.call(backend.remove_listener, key))

    # ---- display and end -------------------------------------------------------------------------------

    def _ipython_display_(self, **_: Any) -> None:
        """Show the live view and, beside it, the transcript that the notebook keeps.

        They are two outputs: replacing an output makes its view anew, and who types there loses the focus.

        Raises:
            NotImplementedError: there is no notebook to show it in, or the chat is closed.

        """
        if getattr(self, "_opened", None) is None:
            raise NotImplementedError
        cell_output.publish(display.widget_bundle(self._name, self.model_id))
        if self._output is None:
            self._output = CellOutput()
            self._forget_cells = cell_output.after_each_cell(_weak_call(self, Chat._cell_ended))
        self._output.show(self._wait(self._begin_view(self._output)))

    async def _begin_view(self, output: CellOutput | None) -> dict[str, str]:
        backend, link = self._parts()
        link.watched()
        if output is not None:
            return link.save_into(output, self.saved_class)
        return display.saved_bundle(self._name, backend.messages(), self.saved_class)

    def _cell_ended(self) -> None:
        """Write what is new while outputs are still taken, for whoever runs notebooks unattended."""
        opened, output = getattr(self, "_opened", None), self._output
        if opened is None or output is None or not opened.done():
            return
        saved = opened.result()[1].saved
        if saved is not None and saved.has_news:
            bundle = self._wait(_due(saved))
            if bundle is not None:
                output.update(bundle)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return everything in one, for what is no notebook: a terminal shows the text."""
        if getattr(self, "_opened", None) is None:
            return None  # closed: the repr is all there is
        saved = self._wait(self._begin_view(None))
        return {**display.widget_bundle(self._name, self.model_id), **saved}, {}

    def _get_embed_state(self, drop_defaults: bool = False) -> dict[str, Any]:
        """Return what a document keeps of the widget: never the browser part."""
        state: dict[str, Any] = super()._get_embed_state(drop_defaults=drop_defaults)
        state["state"]["_esm"] = SILENT_MODULE
        return state

    def _refuse_copy(self, *_: Any) -> NoReturn:
        name = display.plain_text(getattr(self, "_name", ""))
        raise ConduitError(
            f"A chat is a live connection and cannot be copied or pickled: create {name} there."
        )

    __copy__ = __deepcopy__ = __reduce_ex__ = _refuse_copy

    def __repr__(self) -> str:
        closed = "" if getattr(self, "_opened", None) is not None else " (closed)"
        return display.plain_text(getattr(self, "_name", "")) + closed

    def close(self) -> None:
        """Leave the conversation and release everything: views, comm, connection, listeners. Idempotent."""
        opened: _Opened | None = getattr(self, "_opened", None)
        self._opened = None
        if opened is not None and self._process != os.getpid():
            return  # a fork's copy: the connection and the comm are the parent's
        if opened is not None:
            self._forget_cells()
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


def _check_text(name: str, value: object, kind: str = "a string") -> None:
    if not isinstance(value, str):
        raise ValidationError(name, f"must be {kind}, not {type(value).__name__}.")


def _check_height(height: object) -> None:
    if isinstance(height, bool) or not isinstance(height, int) or height < 0:
        raise ValidationError("height", "must be a whole number of px, 0 for the default.")


async def _due(saved: SavedTranscript) -> dict[str, str] | None:
    return saved.due()


def _weak_call(chat: Chat, method: Callable[[Chat], None]) -> Callable[[], None]:
    """Call a method of a chat as long as it exists."""
    known = weakref.ref(chat)

    def call() -> None:
        chat = known()
        if chat is not None:
            method(chat)

    return call


async def _wait_live(backend: ChatBackend) -> None:
    await backend.conversation.wait_live()


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
