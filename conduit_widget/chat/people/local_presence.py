"""Who is in a conversation at this node, and who is typing: state and deadlines. No loop, no clock."""

from __future__ import annotations

import dataclasses
from typing import Final, NamedTuple

from conduit_widget.chat.people.appearance import Look
from conduit_widget.types import Author

NO_LOOK: Final = Look()


@dataclasses.dataclass(slots=True)
class _Person:
    author: Author
    look: Look
    connections: set[str] = dataclasses.field(default_factory=set)
    leaves_at: float | None = None
    types_until: float | None = None


class Here(NamedTuple):
    """A user who is here."""

    author: Author
    typing: bool
    look: Look


class Expired(NamedTuple):
    """The ids of the users whose grace ran out, and of those whose typing did."""

    left: list[str]
    stopped_typing: list[str]


class LocalPresence:
    """The people of one conversation: one entry for each user, however many connections.

    A user who loses the last connection stays for ``grace`` seconds, so that a reload shows nothing; a user
    who says goodbye with it is gone at once. Typing ends by itself after ``typing_ttl`` seconds. Times are
    monotonic seconds; the owner calls :meth:`expire` at :meth:`next_deadline`.
    """

    def __init__(self, *, grace: float, typing_ttl: float) -> None:
        self._grace = grace
        self._typing_ttl = typing_ttl
        self._people: dict[str, _Person] = {}
        self._user_of: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._people)

    def join(self, connection_id: str, author: Author, look: Look = NO_LOOK) -> None:
        """Add a connection of a user; the newest one says how they look."""
        person = self._people.setdefault(author.user_id, _Person(author, look))
        person.author, person.look = author, look
        person.leaves_at = None
        person.connections.add(connection_id)
        self._user_of[connection_id] = author.user_id

    def leave(self, connection_id: str, now: float, *, goodbye: bool = False) -> None:
        """Take a connection away, with a ``goodbye`` or without one (harmless when it is not here)."""
        person = self._people.get(self._user_of.pop(connection_id, ""))
        if person is None:
            return
        person.connections.discard(connection_id)
        if person.connections:
            return
        person.types_until = None
        if goodbye:
            del self._people[person.author.user_id]
        else:
            person.leaves_at = now + self._grace

    def find(self, user_id: str) -> Here | None:
        """Return a user who is here or in grace, else None."""
        person = self._people.get(user_id)
        return None if person is None else Here(person.author, person.types_until is not None, person.look)

    def user_ids(self) -> list[str]:
        """Return the ids of everybody who is here, in order of arrival."""
        return list(self._people)

    def user_of(self, connection_id: str) -> str | None:
        """Return the id of a connection's user; None when it is not here."""
        return self._user_of.get(connection_id)

    def connections_of(self, user_id: str) -> frozenset[str]:
        """Return a user's connections here."""
        person = self._people.get(user_id)
        return frozenset() if person is None else frozenset(person.connections)

    def remove(self, user_id: str) -> set[str]:
        """Take a user away at once, because membership was lost; return the connections they had."""
        person = self._people.pop(user_id, None)
        connections = set() if person is None else person.connections
        for connection_id in connections:
            self._user_of.pop(connection_id, None)
        return connections

    def start_typing(self, user_id: str, now: float) -> None:
        """Note that a user types, for ``typing_ttl`` seconds (harmless when they have no connection here)."""
        person = self._people.get(user_id)
        if person is not None and person.connections:
            person.types_until = now + self._typing_ttl

    def stop_typing(self, user_id: str) -> bool:
        """Note that a user stopped typing; return whether they were typing."""
        person = self._people.get(user_id)
        if person is None or person.types_until is None:
            return False
        person.types_until = None
        return True

    def expire(self, now: float) -> Expired:
        """Apply every deadline that has passed; return whom it concerned."""
        left = [id_ for id_, p in self._people.items() if p.leaves_at is not None and p.leaves_at <= now]
        for user_id in left:
            del self._people[user_id]
        stopped = [
            id_ for id_, p in self._people.items() if p.types_until is not None and p.types_until <= now
        ]
        for user_id in stopped:
            self._people[user_id].types_until = None
        return Expired(left, stopped)

    def next_deadline(self) -> float | None:
        """Return when something expires next; None if nothing will."""
        deadlines = [
            at for p in self._people.values() for at in (p.leaves_at, p.types_until) if at is not None
        ]
        return min(deadlines, default=None)
