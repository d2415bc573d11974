"""``Presence``: who is in a conversation, live in a cell."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable
from typing import Any

import msgspec

from conduit_widget.access.hub_access import HubAccess
from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.pool import Lease
from conduit_widget.chat_client.state.changes import Change, ConnectionInfo
from conduit_widget.contract import MAX_ID_CHARS
from conduit_widget.errors import ValidationError
from conduit_widget.kernel.comm_batcher import Comm
from conduit_widget.kernel.loop_thread import LoopThread
from conduit_widget.text.plain_text import plain_name
from conduit_widget.types import Participant
from conduit_widget.widget.own_conversation import own_conversation
from conduit_widget.widget.status.connection_widget import ConnectionWatch, ConnectionWidget


class _Room(ConnectionWatch):
    """The people of one conversation; it is shared with the chats of the same hub and identity."""

    interval = 60.0  # seconds; nothing is due: the hub tells who comes and goes

    def __init__(self, access: HubAccess, thread: LoopThread, comm: Comm, conversation_id: str) -> None:
        self._id = conversation_id
        self._conversation: Conversation | None = None
        self._unsubscribe: Callable[[], None] = _nothing
        self._releasing: set[asyncio.Task[None]] = set()
        super().__init__(access, thread, comm)

    @property
    def connection(self) -> ConnectionInfo:
        """How the conversation is connected."""
        conversation = self._conversation
        return self.link.info if conversation is None else conversation.connectivity.info

    def participants(self) -> list[Participant]:
        """Return who is here, as last known."""
        if self._conversation is None:
            return []
        people = self._conversation.transcript.people
        return [
            msgspec.structs.replace(person, typing=person.user_id in people.typing)
            for person in people.participants
        ]

    def state(self) -> dict[str, Any]:
        """Return who is here, and how the conversation is connected."""
        return {
            "connection": self.connection.to_wire(),
            "conversationId": self._id,
            "selfId": self.access.identity.user_id,
            "participants": msgspec.to_builtins(self.participants()),
        }

    def begin(self, lease: Lease) -> None:
        """Enter the conversation: only who is in it is told of the others."""
        self._conversation = self.connections.acquire(self.access, self._id)
        self._unsubscribe = self._conversation.subscribe(self._on_changes)

    def end(self) -> None:
        """Leave it, unless a chat stays in."""
        self._unsubscribe()
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            task = asyncio.get_running_loop().create_task(self.connections.release(conversation))
            self._releasing.add(task)
            task.add_done_callback(self._releasing.discard)

    async def work(self, lease: Lease) -> None:
        """Do nothing: the hub tells by itself."""

    def handle(self, content: object) -> None:
        """Act on a message of a view."""
        super().handle(content)
        match content:
            case {"kind": "retry"} if self._conversation is not None:
                self._conversation.retry_now()

    async def close(self) -> None:
        """Send nothing any more and leave."""
        await super().close()
        await asyncio.gather(*self._releasing)

    def _on_changes(self, _changes: list[Change]) -> None:
        self.changed()


class Presence(ConnectionWidget):
    """Who is in a conversation now and who is typing.

    Whoever looks is in the conversation, too, and the others see them there. Once its last view has gone it
    leaves and holds no connection, until the next view::

        here = Presence("main")
        here  # shows the live view; here.participants has the same at the prompt

    Args:
        conversation_id: which conversation; the same as for ``Chat``.
        user: who you are on the local hub (default: ``CONDUIT_USER``, else the OS user).
        user_name: your name there (default: ``CONDUIT_USER_NAME``, else ``user``), as given to ``Chat``.
        hub_url: another hub (default: ``CONDUIT_HUB_URL``, else the local hub, started if need be).
        token: access token for that hub, or a function returning one (default: ``CONDUIT_HUB_TOKEN``).
        language: ``en``, ``de``, ``es`` or ``zh``; ``""`` for the browser's (default: as configured).
        layout: an ipywidgets ``Layout`` or a mapping of its traits, as for every widget.

    Raises:
        ValidationError: ``conversation_id`` is none, or the view does not speak ``language``.
        FrontEndMissingError: the browser part was not built.
        ConnectionFailedError: ``hub_url`` is not an address.

    """

    _part = "presence"
    _noun = "list of participants"

    def __init__(
        self,
        conversation_id: str | None = None,
        *,
        user: str | None = None,
        user_name: str | None = None,
        hub_url: str | None = None,
        token: str | Callable[[], str | None] | None = None,
        language: str | None = None,
        layout: Any = None,
    ) -> None:
        self._id = _checked(own_conversation() if conversation_id is None else conversation_id)
        super().__init__(
            user=user, user_name=user_name, hub_url=hub_url, token=token, language=language, layout=layout
        )

    @property
    def participants(self) -> list[Participant]:
        """Who is here, as last known; empty until the hub has told."""
        room: _Room = self._live()
        return self._call(room.participants)

    def _watching(self, access: HubAccess) -> ConnectionWatch:
        return _Room(access, self._thread, self.comm, self._id)

    def _name_call(self) -> str:
        return f"Presence({self._id!r})"

    def _as_text(self) -> dict[str, str]:
        room: _Room = self._live()
        line = self._call(lambda: _line(self._id, room))
        return {"text/plain": line, "text/html": f"<p>{html.escape(line)}</p>"}


def _checked(conversation_id: object) -> str:
    if isinstance(conversation_id, str) and 0 < len(conversation_id) <= MAX_ID_CHARS:
        return conversation_id
    raise ValidationError(
        "conversation_id", f"must be text of 1 to {MAX_ID_CHARS} characters, as chat.conversation_id."
    )


def _line(conversation_id: str, room: _Room) -> str:
    """Return who is here as a line for people."""
    head, link = plain_name(conversation_id, MAX_ID_CHARS), room.connection
    people = [_words(person, room.access.identity.user_id) for person in room.participants()]
    if link.state != "live":
        reason = f" ({link.message.rstrip('.')})" if link.message else ""
        return f"{head}: {link.state}{reason}"
    if not people:
        return f"{head}: nobody is here"
    return f"{head}: {len(people)} here: {', '.join(people)}"


def _words(person: Participant, self_id: str) -> str:
    notes = [
        "you" if person.user_id == self_id else "",
        "typing" if person.typing else person.state if person.state != "active" else "",
    ]
    name, said = plain_name(person.user_name, MAX_ID_CHARS), ", ".join(filter(None, notes))
    return f"{name} ({said})" if said else name


def _nothing() -> None:
    """Unsubscribe what is not subscribed."""
