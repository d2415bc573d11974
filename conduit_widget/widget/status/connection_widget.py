"""What widgets of one hub connection share: who they are there, and that they use it while somebody looks.

A widget has two halves. :class:`ConnectionWidget` is on the caller's thread. :class:`ConnectionWatch` is
behind it, on the loop thread, and holds the connection that the chats of the same hub and identity use.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import traitlets

from conduit_widget.access.defaults import defaults
from conduit_widget.access.hub_access import HubAccess, resolve_access
from conduit_widget.chat_client.pool import Lease
from conduit_widget.kernel.comm_batcher import Comm, comm_batcher
from conduit_widget.kernel.loop_thread import LoopThread
from conduit_widget.widget.browser.encodable import encodable
from conduit_widget.widget.browser.live_widget import LiveWidget
from conduit_widget.widget.browser.views import Views
from conduit_widget.widget.configuring import LANGUAGES, check_language
from conduit_widget.widget.connections import connections_of
from conduit_widget.widget.status.link_watch import LinkWatch


class ConnectionWatch(ABC):
    """What is behind a widget: a state that its views have, kept while somebody looks.

    Once the last view has gone, nothing is asked and no connection held, until the next view.
    """

    interval: ClassVar[float]
    """Seconds between two :meth:`work`."""

    def __init__(self, access: HubAccess, thread: LoopThread, comm: Comm) -> None:
        self.access = access
        self.connections = connections_of(thread)
        self._channel = comm_batcher(thread).open(comm, self.state, encodable)
        self.views = Views(self._channel, self._attended)
        self.link = LinkWatch(access, self.connections, self.changed, self.work, self.interval)
        self._is_begun = False
        self._shown: dict[str, Any] | None = None
        self._leaving: asyncio.Task[None] | None = None

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return what the views have: JSON, whole."""

    @abstractmethod
    async def work(self, lease: Lease) -> None:
        """Do what is due every :attr:`interval` seconds while connected; may raise ConduitError."""

    def begin(self, lease: Lease) -> None:  # noqa: B027 - there may be nothing to listen to
        """Listen to what the connection tells; called at each new beginning."""

    def end(self) -> None:  # noqa: B027 - as for begin
        """Stop listening to what :meth:`begin` began; called once after each."""

    def changed(self) -> None:
        """Send the state to the views where it is another than before; called after each :meth:`work`."""
        state = self.state()
        if state != self._shown:
            self._shown = state
            if self.views.is_watched:
                self._channel.request_snapshot()

    def open(self) -> None:
        """Connect, where nothing else has, and begin; does nothing where that has been done."""
        lease = self.link.start()
        if lease is not None:
            self._is_begun = True
            self.begin(lease)

    def handle(self, content: object) -> None:
        """Act on a message of a view."""
        self._channel.heard()
        match content:
            case {"kind": "retry"}:
                self.link.retry_now()
            case _:
                self.views.handle(content)

    async def close(self) -> None:
        """Send nothing any more, and give the connection back; its last user closes it."""
        self.views.close()
        self._end_once()
        await self.link.close()

    def _attended(self, is_attended: bool) -> None:
        if is_attended:
            self.open()
        else:
            self._end_once()
            self._leaving = asyncio.get_running_loop().create_task(self.link.close())

    def _end_once(self) -> None:
        if self._is_begun:
            self._is_begun = False
            self.end()


class ConnectionWidget(LiveWidget):
    """A widget of one hub connection, without a conversation.

    A subclass names its browser part in ``_part``, itself in ``_noun`` and what is behind it in ``_watch``.
    It returns in :meth:`_as_text` what is shown where it cannot live.
    """

    _watch: ClassVar[type[ConnectionWatch]]
    _behind: ConnectionWatch | None = None

    # What only the kernel sets is not taken from a view.
    language = traitlets.Enum(LANGUAGES, "").tag(
        sync=True, from_json=lambda _value, widget: widget.language, echo_update=False
    )

    def __init__(
        self,
        *,
        user: str | None = None,
        user_name: str | None = None,
        hub_url: str | None = None,
        token: str | Callable[[], str | None] | None = None,
        language: str | None = None,
        layout: Any = None,
    ) -> None:
        """Show it of the hub of ``hub_url``, or of the local one.

        Args:
            user: who you are on the local hub (default: ``CONDUIT_USER``, else the OS user).
            user_name: your name there (default: ``CONDUIT_USER_NAME``, else ``user``), as given to ``Chat``.
            hub_url: another hub (default: ``CONDUIT_HUB_URL``, else the local hub, started if need be).
            token: access token for that hub, or a function returning one (default: ``CONDUIT_HUB_TOKEN``).
            language: ``en``, ``de``, ``es`` or ``zh``; ``""`` for the browser's (default: as configured).
            layout: an ipywidgets ``Layout`` or a mapping of its traits, as for every widget.

        Raises:
            FrontEndMissingError: the browser part was not built.
            ConnectionFailedError: ``hub_url`` is not an address.
            ValidationError: the view does not speak ``language``.

        """
        language = (defaults().language or "") if language is None else check_language(language)
        access = resolve_access(hub_url=hub_url, token=token, user=user, user_name=user_name)
        super().__init__(layout=layout, language=language)
        self._open(self._watching(access))

    def _watching(self, access: HubAccess) -> ConnectionWatch:
        """Return what is behind the widget, before anything is connected."""
        return self._watch(access, self._thread, self.comm)

    def _as_text(self) -> dict[str, str]:
        """Return the newest state as ``text/plain`` and ``text/html``; called while the widget is open."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the live view, and its text for where it cannot live."""
        if self._behind is None:
            return None  # closed: the repr is all there is
        self._call(self._behind.views.watched)
        return {**self._view_bundle(), **self._as_text()}, {}

    def __repr__(self) -> str:
        return super().__repr__() if self._behind is None else self._as_text()["text/plain"]
