"""The people whom other nodes have in a conversation: each node's own list, merged. No I/O, no clock.

Each node's list has a version, and a change names the version it continues. A change that continues another
version than the known one is not applied: the node's whole list must be read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec

from conduit_widget.chat.people.appearance import Look

_UNKNOWN: Final = 0


class NodePerson(msgspec.Struct, frozen=True, array_like=True):
    """A user at a node."""

    user_id: str
    user_name: str
    typing: bool = False
    look: Look = Look()


class NodePeople(msgspec.Struct, frozen=True, array_like=True):
    """All users at a node; ``version`` rises with every change."""

    version: int
    people: list[NodePerson]


class PeopleChange(msgspec.Struct, frozen=True, tag="people", array_like=True):
    """The change that turns a node's list from the version ``previous`` into ``version``."""

    previous: int
    version: int
    here: list[NodePerson] = []
    gone: list[str] = []


@dataclasses.dataclass(slots=True)
class _Node:
    version: int
    people: dict[str, NodePerson]


class RemotePresence:
    """The users at the other nodes.

    A user whom a node takes off its list is gone. The users of a node that vanished stay for ``grace``
    seconds: they are about to come back on another node. Methods return the ids of the users whose state may
    have changed.
    """

    def __init__(self, *, grace: float) -> None:
        self._grace = grace
        self._nodes: dict[str, _Node] = {}
        self._lingering: dict[str, tuple[NodePerson, float]] = {}

    def person(self, user_id: str) -> NodePerson | None:
        """Return a user, typing if they type on any node; None if they are on no node."""
        found = [node.people[user_id] for node in self._nodes.values() if user_id in node.people]
        if found:
            return next((person for person in found if person.typing), found[0])
        lingering = self._lingering.get(user_id)
        return None if lingering is None else lingering[0]

    def apply(self, node_id: str, change: PeopleChange) -> set[str] | None:
        """Apply a node's change; return None if it continues an unknown version: read its list then."""
        node = self._nodes.get(node_id) or _Node(_UNKNOWN, {})
        if change.version <= node.version:
            return set()
        if change.previous != node.version:
            return None
        self._nodes[node_id] = node
        node.version = change.version
        for person in change.here:
            node.people[person.user_id] = person
        for user_id in change.gone:
            node.people.pop(user_id, None)
        return self._forget_lingering({*(person.user_id for person in change.here), *change.gone})

    def versions(self) -> dict[str, int]:
        """Return the known version of each node's list; give it to :meth:`replace` after reading."""
        return {node_id: node.version for node_id, node in self._nodes.items()}

    def replace(
        self, entries: Mapping[str, NodePeople], known_before: Mapping[str, int], now: float
    ) -> set[str]:
        """Replace the lists by those read after ``known_before``; a change that came meanwhile is newer."""
        touched: set[str] = set()
        for node_id, entry in entries.items():
            node = self._nodes.get(node_id)
            if node is None or node.version < entry.version:
                people = {person.user_id: person for person in entry.people}
                touched |= people.keys() | (node.people.keys() if node is not None else set())
                self._nodes[node_id] = _Node(entry.version, people)
        self._forget_lingering({user_id for user_id in touched if self._is_listed(user_id)})
        gone = [
            node_id
            for node_id, node in self._nodes.items()
            if node_id not in entries and known_before.get(node_id) == node.version
        ]
        return touched | self._vanish(gone, now)

    def keep_nodes(self, node_ids: Collection[str], now: float) -> set[str]:
        """Forget the nodes that are not among ``node_ids``, the living ones; their users get the grace."""
        return self._vanish([node_id for node_id in self._nodes if node_id not in node_ids], now)

    def expire(self, now: float) -> set[str]:
        """Forget the users whose grace has passed."""
        left = {user_id for user_id, (_, at) in self._lingering.items() if at <= now}
        for user_id in left:
            del self._lingering[user_id]
        return left

    def remove(self, user_id: str) -> set[str]:
        """Take a user off every list, because membership was lost."""
        for node in self._nodes.values():
            node.people.pop(user_id, None)
        self._lingering.pop(user_id, None)
        return {user_id}

    def next_deadline(self) -> float | None:
        """Return when a user's grace ends next; None if nobody is in grace."""
        return min((at for _, at in self._lingering.values()), default=None)

    def _is_listed(self, user_id: str) -> bool:
        return any(user_id in node.people for node in self._nodes.values())

    def _forget_lingering(self, user_ids: set[str]) -> set[str]:
        for user_id in user_ids:
            self._lingering.pop(user_id, None)
        return user_ids

    def _vanish(self, node_ids: Iterable[str], now: float) -> set[str]:
        touched: set[str] = set()
        for node_id in node_ids:
            for user_id, person in self._nodes.pop(node_id).people.items():
                touched.add(user_id)
                if not self._is_listed(user_id):
                    self._lingering[user_id] = (
                        msgspec.structs.replace(person, typing=False),
                        now + self._grace,
                    )
        return touched
