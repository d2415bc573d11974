"""Who is in a live conversation and who types, over all nodes: from connections to the events people see.

A user is one entry, however many connections and nodes. A change is sent as ``UserJoined``, ``UserLeft``,
``UserTyping`` or ``TypingUpdate``, and a burst of changes soon after as one ``PresenceUpdate``. That one is
the whole list for everybody, so its cost is the square of the number of people: the more there are, the later
it comes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final, Protocol

from conduit_widget.chat.people.appearance import Look, color_of, initials_of
from conduit_widget.chat.people.local_presence import NO_LOOK, LocalPresence
from conduit_widget.chat.people.remote_presence import NodePeople, NodePerson, PeopleChange, RemotePresence
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.contract import ChatEvent
from conduit_widget.types import Author, Participant

TELL_INTERVAL: Final = 0.05
"""Seconds between two changes told to other nodes: the first goes at once, a burst shares the next."""

SMALL: Final = 50
"""The largest list that is sent without an extra delay."""
SECONDS_A_PERSON: Final = 0.002
"""Extra delay of the list for each person beyond that."""
LONGEST_INTERVAL: Final = 5.0


class Send(Protocol):
    """Sends an event that a slow reader may miss to the conversation's connections here."""

    def __call__(self, target: str, *arguments: Any, excluded: Collection[str] = ()) -> None:
        """Send an event to all connections but the ``excluded`` ids."""


Tell = Callable[[NodePeople, PeopleChange], None]
"""``tell(everybody here, what changed)``: tells the other nodes."""


class ConversationPresence:
    """The people of one live conversation; ``on_empty`` is called when the last of them at this node left.

    ``last_read(user_id)`` returns how far somebody has read.
    """

    def __init__(
        self,
        conversation_id: str,
        settings: ChatSettings,
        *,
        send: Send,
        on_empty: Callable[[], None],
        tell: Tell,
        last_read: Callable[[str], int] = lambda _user_id: 0,
    ) -> None:
        self._last_read = last_read
        self._conversation_id = conversation_id
        self._settings = settings
        self._send = send
        self._on_empty = on_empty
        self._tell = tell
        self._here = LocalPresence(grace=settings.presence_grace, typing_ttl=settings.typing_ttl)
        self._elsewhere = RemotePresence(grace=min(settings.node_grace, settings.presence_grace))
        self._shown: dict[str, NodePerson] = {}
        self._participants: list[Participant] | None = None  # kept: a storm asks a thousand times
        self._untold: set[str] = set()
        self._told_version = 0
        self._tell_at: float | None = None
        self._told_at = float("-inf")
        self._changed_at: float | None = None  # the oldest change that no PresenceUpdate has told of
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def is_empty(self) -> bool:
        """Whether nobody is at this node."""
        return not len(self._here)

    def close(self, *, tell: bool = True) -> None:
        """Send nothing more; with ``tell``, first tell the other nodes what they were not told yet."""
        if tell and self._tell_at is not None:
            self._tell_nodes()
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # ---- what people do here ---------------------------------------------------------------------------

    def join(self, connection_id: str, author: Author, look: Look = NO_LOOK) -> None:
        """Add a connection of somebody who looks so."""
        self._here.join(connection_id, author, look)
        self._changed({author.user_id}, here=True)

    def leave(self, connection_id: str, *, goodbye: bool = False) -> None:
        """Remove a connection (harmless when not in); without a ``goodbye`` its user stays for the grace."""
        user_id = self._here.user_of(connection_id)
        if user_id is not None:
            self._here.leave(connection_id, _now(), goodbye=goodbye)
            self._changed({user_id}, here=True)
            if self.is_empty:
                self._on_empty()

    def remove(self, user_id: str) -> set[str]:
        """Remove a user at once, because membership was lost; return their connections here."""
        connections = self._here.remove(user_id)
        self._elsewhere.remove(user_id)
        self._changed({user_id}, here=True)
        return connections

    def start_typing(self, user_id: str) -> None:
        """Show a user as typing until they stop or the time is over."""
        self._here.start_typing(user_id, _now())
        self._changed({user_id}, here=True)

    def stop_typing(self, user_id: str) -> None:
        """Stop showing a user as typing."""
        if self._here.stop_typing(user_id):
            self._changed({user_id}, here=True)

    def has(self, connection_id: str) -> bool:
        """Whether the connection has joined."""
        return self._here.user_of(connection_id) is not None

    def connections_of(self, user_id: str) -> Collection[str]:
        """Return a user's connections at this node."""
        return self._here.connections_of(user_id)

    def user_ids(self) -> list[str]:
        """Return the ids of the users at this node."""
        return self._here.user_ids()

    def participants(self) -> list[Participant]:
        """Return everybody on all nodes, in order of arrival."""
        if self._participants is None:
            self._participants = [
                Participant(
                    user_id=person.user_id,
                    user_name=person.user_name,
                    initials=person.look.initials or initials_of(person.user_name, person.user_id),
                    color=person.look.color or color_of(person.user_id),
                    typing=person.typing,
                    last_read_seq=self._last_read(person.user_id),
                    avatar_url=person.look.picture or None,
                )
                for person in self._shown.values()
            ]
        return self._participants

    def forget_list(self) -> None:
        """Make the list anew when it is next asked for: how far somebody has read has changed."""
        self._participants = None

    def typing(self) -> list[str]:
        """Return the ids of the users who type, on all nodes."""
        return [user_id for user_id, person in self._shown.items() if person.typing]

    # ---- what other nodes say --------------------------------------------------------------------------

    def apply(self, node_id: str, change: PeopleChange) -> bool:
        """Apply another node's change; return False if its whole list must be read (:meth:`replace`)."""
        touched = self._elsewhere.apply(node_id, change)
        if touched is None:
            return False
        self._changed(touched, here=False)
        return True

    def versions(self) -> dict[str, int]:
        """Return the known version of each node's list, for :meth:`replace` after reading."""
        return self._elsewhere.versions()

    def replace(self, entries: dict[str, NodePeople], known_before: dict[str, int]) -> None:
        """Replace the lists of all other nodes by those that were read."""
        self._changed(self._elsewhere.replace(entries, known_before, _now()), here=False)

    def keep_nodes(self, node_ids: Collection[str]) -> None:
        """Begin the grace of the users whose nodes are not among the living."""
        self._changed(self._elsewhere.keep_nodes(node_ids, _now()), here=False)

    # ---- from states to events -------------------------------------------------------------------------

    def _changed(self, user_ids: Iterable[str], *, here: bool) -> None:
        """Send what changed for these users; the other nodes are told what changed ``here``."""
        if self._closed:
            return
        for user_id in user_ids:
            self._show(user_id)
            if here:
                self._untold.add(user_id)
        if self._untold and self._tell_at is None:
            self._tell_at = self._told_at + TELL_INTERVAL
            if self._tell_at <= _now():
                self._tell_nodes()
        self._schedule()

    def _show(self, user_id: str) -> None:
        before, now = self._shown.get(user_id), self._person(user_id)
        if now == before:
            return
        self._participants = None
        was_typing = before is not None and before.typing
        if now is None:
            del self._shown[user_id]
        else:
            self._shown[user_id] = now
        if was_typing != (now is not None and now.typing):
            self._typing_changed(user_id, is_typing=not was_typing)
        if before is None and now is not None:
            self._send(ChatEvent.USER_JOINED, user_id, now.user_name)
        elif now is None:
            self._send(ChatEvent.USER_LEFT, user_id)
        else:
            return
        if self._changed_at is None:
            self._changed_at = _now()

    def _person(self, user_id: str) -> NodePerson | None:
        here, elsewhere = self._here.find(user_id), self._elsewhere.person(user_id)
        if here is None:
            return elsewhere
        typing = here.typing or (elsewhere is not None and elsewhere.typing)
        return NodePerson(user_id, here.author.user_name, typing, here.look)

    def _typing_changed(self, user_id: str, *, is_typing: bool) -> None:
        own = self._here.connections_of(user_id)
        self._send(ChatEvent.USER_TYPING, user_id, is_typing, excluded=own)
        self._send(ChatEvent.TYPING_UPDATE, self._conversation_id, self.typing())

    def _tell_nodes(self) -> None:
        self._tell_at, self._told_at = None, _now()
        untold, self._untold = self._untold, set()
        previous = self._told_version
        # Rises over all lives of the conversation at this node: the others keep the newest they have seen.
        self._told_version = max(previous + 1, time.monotonic_ns())
        people = [
            NodePerson(user_id, found.author.user_name, found.typing, found.look)
            for user_id in self._here.user_ids()
            if (found := self._here.find(user_id)) is not None
        ]
        changed = [person for person in people if person.user_id in untold]
        gone = list(untold.difference(person.user_id for person in changed))
        change = PeopleChange(previous, self._told_version, changed, gone)
        self._tell(NodePeople(self._told_version, people), change)

    def _update_at(self) -> float | None:
        """Return when the list is to be sent: a burst of changes shares one ``PresenceUpdate``."""
        if self._changed_at is None:
            return None
        wait = self._settings.presence_interval + SECONDS_A_PERSON * max(0, len(self._shown) - SMALL)
        return self._changed_at + min(wait, LONGEST_INTERVAL)

    def _schedule(self) -> None:
        """Set the conversation's one timer to its next deadline."""
        deadlines = (
            self._update_at(),
            self._tell_at,
            self._here.next_deadline(),
            self._elsewhere.next_deadline(),
        )
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = min((at for at in deadlines if at is not None), default=None)
        if due is not None:
            self._timer = asyncio.get_running_loop().call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = _now()
        left, stopped = self._here.expire(now)
        gone = self._elsewhere.expire(now)
        if self._tell_at is not None and self._tell_at <= now:
            self._tell_nodes()
        self._changed([*stopped, *left], here=True)
        self._changed(gone, here=False)
        update_at = self._update_at()
        if update_at is not None and (update_at <= now or (left and len(self._shown) <= SMALL)):
            self._changed_at = None
            self._send(ChatEvent.PRESENCE_UPDATE, self._conversation_id, self.participants())
        self._schedule()
        if self.is_empty:
            self._on_empty()


def _now() -> float:
    return asyncio.get_running_loop().time()
