"""Who is in a conversation and who is typing: state and deadlines, without a loop or a clock of its own."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

from conduit_widget.chat.people.appearance import color_of, initials_of
from conduit_widget.types import Author, Participant

__all__ = ["Expired", "Here", "Presence"]


@dataclasses.dataclass(slots=True)
class _Person:
    author: Author
    connections: set[str] = dataclasses.field(default_factory=set)
    leaves_at: float | None = None
    types_until: float | None = None


class Here(NamedTuple):
    """Somebody who is here."""

    author: Author
    typing: bool


class Expired(NamedTuple):
    """User ids whose grace, and whose typing, ran out."""

    left: list[str]
    stopped_typing: list[str]


class Presence:
    """People of one conversation: one entry a user, however many connections.

    Who loses the last connection stays for ``grace`` seconds, so that a reload shows nothing; who says
    goodbye with it is gone at once. Typing ends by itself after ``typing_ttl`` seconds. Times are any
    monotonic seconds; the owner calls :meth:`expire` at :meth:`next_deadline`.
    """

    def __init__(self, *, grace: float, typing_ttl: float) -> None:
        self._grace = grace
        self._typing_ttl = typing_ttl
        self._people: dict[str, _Person] = {}
        self._user_of: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._people)

    def join(self, connection_id: str, author: Author) -> bool:
        """Add a connection; True when its user was not there before, nor in grace."""
        person = self._people.get(author.user_id)
        is_new = person is None
        if person is None:
            person = self._people[author.user_id] = _Person(author)
        person.author = author
        person.leaves_at = None
        person.connections.add(connection_id)
        self._user_of[connection_id] = author.user_id
        return is_new

    def leave(self, connection_id: str, now: float, *, goodbye: bool = False) -> bool:
        """Take a connection away, with a ``goodbye`` or without one; True when its user's typing ended."""
        person = self._people.get(self._user_of.pop(connection_id, ""))
        if person is None:
            return False
        person.connections.discard(connection_id)
        if person.connections:
            return False
        was_typing, person.types_until = person.types_until is not None, None
        if goodbye:
            del self._people[person.author.user_id]
        else:
            person.leaves_at = now + self._grace
        return was_typing

    def find(self, user_id: str) -> Here | None:
        """Return a user who is here, or in grace; None otherwise."""
        person = self._people.get(user_id)
        return None if person is None else Here(person.author, person.types_until is not None)

    def user_ids(self) -> list[str]:
        """Return everybody who is here, in order of arrival."""
        return list(self._people)

    def user_of(self, connection_id: str) -> str | None:
        """Return whose connection it is; None when it is not here."""
        return self._user_of.get(connection_id)

    def connections_of(self, user_id: str) -> frozenset[str]:
        """Return a user's connections here."""
        person = self._people.get(user_id)
        return frozenset() if person is None else frozenset(person.connections)

    def remove(self, user_id: str) -> set[str]:
        """Take a user away at once (membership lost); return the connections they had."""
        person = self._people.pop(user_id, None)
        connections = set() if person is None else person.connections
        for connection_id in connections:
            self._user_of.pop(connection_id, None)
        return connections

    def start_typing(self, user_id: str, now: float) -> bool:
        """Note that a user types; True when they did not before."""
        person = self._people.get(user_id)
        if person is None or not person.connections:
            return False
        started = person.types_until is None
        person.types_until = now + self._typing_ttl
        return started

    def stop_typing(self, user_id: str) -> bool:
        """Note that a user stopped; True when they were typing."""
        person = self._people.get(user_id)
        if person is None or person.types_until is None:
            return False
        person.types_until = None
        return True

    def expire(self, now: float) -> Expired:
        """Apply every deadline that has passed."""
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
        """Return when something expires next; None when nothing will."""
        deadlines = [
            at for p in self._people.values() for at in (p.leaves_at, p.types_until) if at is not None
        ]
        return min(deadlines, default=None)

    def typing(self) -> list[str]:
        """Return the ids of those typing, in order of arrival."""
        return [id_ for id_, person in self._people.items() if person.types_until is not None]

    def participants(self) -> list[Participant]:
        """Return everybody, in order of arrival."""
        return [
            Participant(
                user_id=user_id,
                user_name=person.author.user_name,
                initials=initials_of(person.author.user_name, user_id),
                color=color_of(user_id),
                typing=person.types_until is not None,
            )
            for user_id, person in self._people.items()
        ]
