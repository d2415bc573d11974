"""``Chat``: a live chat in a notebook cell, and the same chat at the Python prompt."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, ClassVar, TypeVar

import traitlets

from conduit_widget.access.defaults import defaults
from conduit_widget.access.hub_access import resolve_access
from conduit_widget.errors import ValidationError
from conduit_widget.kernel import cell_output
from conduit_widget.kernel.cell_output import CellOutput
from conduit_widget.kernel.comm_batcher import comm_batcher
from conduit_widget.types import Attachment, ChatMessage, Participant
from conduit_widget.types.attached_files import register_reader
from conduit_widget.widget.answers.answer_metrics import AnswerMetrics, newest_metrics
from conduit_widget.widget.answers.pending_result import PendingResult
from conduit_widget.widget.attachments.sending import Moved, PendingFiles
from conduit_widget.widget.browser.page_people import pages_speak_for_themselves
from conduit_widget.widget.chat import display
from conduit_widget.widget.chat.acts import ChatActs
from conduit_widget.widget.chat.asking import ChatAsking
from conduit_widget.widget.chat.backend import ChatBackend, check_conversation
from conduit_widget.widget.chat.connecting import CONNECT_TIMEOUT, ChatConnecting
from conduit_widget.widget.chat.listening import ChatListening
from conduit_widget.widget.chat.queue import ChatQueue
from conduit_widget.widget.chat.reach import ChatReach
from conduit_widget.widget.chat.saved_transcript import new_saved_class
from conduit_widget.widget.chat.starters import check_starters
from conduit_widget.widget.chat.views import ChatViews
from conduit_widget.widget.configuring import LANGUAGES, check_height, check_language
from conduit_widget.widget.connections import connections_of
from conduit_widget.widget.own_conversation import own_conversation
from conduit_widget.widget.requests import variables
from conduit_widget.widget.tables.provider_table import ProviderTable

_T = TypeVar("_T")


class Chat(ChatAsking, ChatActs, ChatReach, ChatListening, ChatConnecting, ChatQueue):
    """A chat with a model and with everybody else in the same conversation.

    Args:
        conversation_id: conversations with the same id are the same conversation (default: the notebook's
            own, which stays with it when it is renamed; outside notebooks ``main``).
        user: who you are on the local hub (default: ``CONDUIT_USER``, else the OS user).
        user_name: your name there (default: ``CONDUIT_USER_NAME``, else ``user``).
        height: height in px; 0 for the view's own.
        starters: questions that an empty chat offers, at most 6; ``[]`` for none (default: three).
        language: language of the view: ``en``, ``de``, ``es`` or ``zh``; ``""`` for the browser's.
        hub_url: another hub (default: ``CONDUIT_HUB_URL``, else the local hub, started if need be).
        token: access token for that hub, or a function returning one (default: ``CONDUIT_HUB_TOKEN``).
        layout: an ipywidgets ``Layout`` or a mapping of its traits, as for every widget.

    What is left out is as ``conduit_widget.configure`` says, else as above.

    Returns at once: the hub is found, started and joined in the background; problems show in the chat and in
    :attr:`connection`.

    Raises:
        FrontEndMissingError: the browser part was not built.
        ValidationError: an argument no hub would take.
        ConnectionFailedError: ``hub_url`` is not an address.

    """

    _part = "chat"
    _noun: ClassVar[str] = "chat"
    _behind: ChatViews | None = None
    _name = ""
    _own_id = ""

    conversation_id = traitlets.Unicode(help="The conversation shown; `switch_to` changes it.")
    height = traitlets.Int(0, min=0).tag(sync=True)
    # What only the kernel sets is not taken from a view.
    starters = traitlets.List(traitlets.Unicode()).tag(
        sync=True, from_json=lambda _value, chat: chat.starters, echo_update=False
    )
    language = traitlets.Enum(LANGUAGES, "").tag(
        sync=True, from_json=lambda _value, chat: chat.language, echo_update=False
    )
    saved_class = traitlets.Unicode(help="CSS class of the saved transcript.").tag(
        sync=True, from_json=lambda _value, chat: chat.saved_class, echo_update=False
    )

    def __init__(
        self,
        conversation_id: str | None = None,
        *,
        user: str | None = None,
        user_name: str | None = None,
        height: int | None = None,
        starters: Sequence[str] | None = None,
        language: str | None = None,
        hub_url: str | None = None,
        token: str | Callable[[], str | None] | None = None,
        layout: Any = None,
    ) -> None:
        own_id = own_conversation() if conversation_id is None else ""
        conversation_id = check_conversation(own_id if conversation_id is None else conversation_id)
        configured = defaults()
        for name, value in {"user": user, "user_name": user_name, "hub_url": hub_url}.items():
            if value is not None:
                _check_text(name, value)
        if token is not None and not callable(token):
            _check_text("token", token, "a string or a function that returns one")
        height = (configured.height or 0) if height is None else check_height(height)
        language = (configured.language or "") if language is None else check_language(language)
        access = resolve_access(hub_url=hub_url, token=token, user=user, user_name=user_name)
        super().__init__(
            conversation_id=conversation_id,
            height=height,
            starters=check_starters(starters),
            language=language,
            saved_class=new_saved_class(),
            layout=layout,
        )
        self._name, self._own_id = conversation_id, own_id
        register_reader(self)
        self._other = partial(Chat, user=user, user_name=user_name, hub_url=hub_url, token=token)
        connections = connections_of(self._thread)
        self._output: CellOutput | None = None
        self._forget_cells: Callable[[], None] = lambda: None
        self._open(
            ChatViews(
                lambda name: ChatBackend(name, access, connections),
                conversation_id,
                comm_batcher(self._thread),
                self.comm,
                _weak_note(self),
                of_kernel=(variables.handle,),
                is_shared=pages_speak_for_themselves(user, hub_url, token),
            )
        )

    @traitlets.validate("conversation_id")
    def _keep_conversation(self, proposal: Any) -> str:
        value: str = proposal["value"]
        if self._name and value != self._name:
            raise ValidationError("conversation_id", "cannot be set; chat.switch_to(…) goes on in another.")
        return value

    @traitlets.validate("starters")
    def _check_starters(self, proposal: Any) -> list[str]:
        return check_starters(proposal["value"])

    def _name_call(self) -> str:
        # A conversation that was not named has a name of chance; what a notebook keeps of it is stable.
        return "Chat()" if self._name == self._own_id else display.plain_text(self._name)

    @property
    def _views(self) -> ChatViews:
        views: ChatViews = self._live()
        return views

    @property
    def _backend(self) -> ChatBackend:
        return self._views.backend

    def _pending(self, what: str, coroutine: Coroutine[Any, Any, _T]) -> PendingResult[_T]:
        return PendingResult(what, self._thread.submit(coroutine))

    def _read(self, function: Callable[[ChatBackend], _T]) -> _T:
        """Read the state of a chat that is up to date, where that state lives."""
        backend = self._backend
        if self._thread.is_current:
            return function(backend)

        async def read() -> _T:
            await backend.came_back()
            return function(backend)

        return self._wait(read())

    def knows(self, conversation_id: str) -> bool:
        """Whether this chat is in a conversation at present."""
        return self._behind is not None and self._name == conversation_id

    def fetch_file(self, file: Attachment, write: Callable[[bytes], object]) -> None:
        """Call ``write`` with the bytes of a file, on the loop thread; returns when all have come."""
        backend, moved = self._backend, Moved(file.size)
        work = backend.files.fetch(file, write, lambda size: moved.reached(0, size))
        PendingFiles(f"file {file.name!r}", self._thread, work, moved).result()

    def _went_to(self, conversation_id: str) -> None:
        self._name = conversation_id
        self.conversation_id = conversation_id

    def switch_to(self, conversation_id: str) -> None:
        """Go on in another conversation: this chat's views, saved transcript and listeners follow it.

        What was asked in the one before is answered there; whoever waits for it still gets it.

        Raises:
            ValidationError: that is no conversation's id.

        """
        name = check_conversation(conversation_id)
        views = self._views
        self._call(lambda: views.switch_to(name))

    # ---- at the prompt ---------------------------------------------------------------------------------

    @property
    def messages(self) -> list[ChatMessage]:
        """The messages known here, oldest first; an open answer with its text so far."""
        return self._read(lambda backend: backend.messages())

    @property
    def participants(self) -> list[Participant]:
        """The people in the conversation now."""
        return self._read(lambda backend: list(backend.conversation.transcript.people.participants))

    @property
    def providers(self) -> ProviderTable:
        """The hub's providers as they are now, a row each: state, breaker, speed, errors, limits, models.

        Waits up to :data:`CONNECT_TIMEOUT` seconds for the connection; inside a callback of the loop thread
        it returns what is known.

        Raises:
            ConduitError: the hub cannot be asked; the text says why.

        """
        if self._thread.is_current:
            return ProviderTable(self._backend.conversation.providers.statuses)
        self.wait_connected()
        return self._pending("providers", _ask_providers(self._backend)).result(CONNECT_TIMEOUT)

    @property
    def metrics(self) -> AnswerMetrics | None:
        """How long the newest finished answer took: by its provider's clock, the hub's and the view's.

        A notebook shows it as a table, with a line of how the answers before it did (``.earlier``).
        """
        return self._read(lambda backend: newest_metrics(backend.conversation))

    def _backend_now(self) -> Callable[[], ChatBackend]:
        views = self._views
        return lambda: views.backend

    # ---- display and end -------------------------------------------------------------------------------

    def _ipython_display_(self, **_: Any) -> None:
        """Show the live view and, beside it, the transcript that the notebook keeps.

        They are two outputs: replacing an output makes its view anew, and who types there loses the focus.

        Raises:
            NotImplementedError: there is no notebook to show it in, or the chat is closed.

        """
        if self._behind is None:
            raise NotImplementedError
        cell_output.publish(self._view_bundle())
        if self._output is None:
            self._output = CellOutput()
            self._forget_cells = cell_output.after_each_cell(_weak_call(self, Chat._cell_ended))
        output, views = self._output, self._views
        output.show(self._call(lambda: _begin_view(views, output, self.saved_class)))

    def _cell_ended(self) -> None:
        """Write what is new while outputs are still taken, for whoever runs notebooks unattended."""
        if self._behind is None or self._output is None:
            return
        saved = self._behind.saved
        if saved is not None and saved.has_news:
            bundle = self._call(saved.due)
            if bundle is not None:
                self._output.update(bundle)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return everything in one, for what is no notebook: a terminal shows the text."""
        if self._behind is None:
            return None  # closed: the repr is all there is
        views = self._views
        saved = self._call(lambda: _begin_view(views, None, self.saved_class))
        return {**self._view_bundle(), **saved}, {}

    def close(self) -> None:
        """Leave the conversation and release everything: views, comm, connection, listeners.

        Closing twice does no harm.
        """
        if self._behind is not None:
            self._forget_cells()
        super().close()


def _check_text(name: str, value: object, kind: str = "a string") -> None:
    if not isinstance(value, str):
        raise ValidationError(name, f"must be {kind}, not {type(value).__name__}.")


def _begin_view(views: ChatViews, output: CellOutput | None, css_class: str) -> dict[str, Any]:
    """Return what a view shows where it cannot live; with an ``output`` that is kept up to date."""
    views.watched()
    if output is not None:
        return views.save_into(output, css_class)
    backend = views.backend
    return display.saved_bundle(
        backend.conversation_id, backend.messages(), css_class, withheld=backend.withheld
    )


def _weak_call(chat: Chat, method: Callable[[Chat], None]) -> Callable[[], None]:
    """Call a method of a chat as long as it exists."""
    known = weakref.ref(chat)

    def call() -> None:
        chat = known()
        if chat is not None:
            method(chat)

    return call


def _weak_note(chat: Chat) -> Callable[[str], None]:
    """Tell a chat, as long as it exists, which conversation it is in."""
    known = weakref.ref(chat)

    def note(conversation_id: str) -> None:
        chat = known()
        if chat is not None:
            chat._went_to(conversation_id)

    return note


async def _ask_providers(backend: ChatBackend) -> ProviderTable:
    providers = backend.conversation.providers
    await providers.refresh()
    return ProviderTable(providers.statuses)
