"""Named groups of one hub's connections."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from conduit_widget.hub.delivery.connection import HubConnectionContext


class Groups:
    """Which of this node's connections is in which group; one that ends leaves all of its groups."""

    def __init__(self, connections: Mapping[str, HubConnectionContext]) -> None:
        self._connections = connections
        self._members: dict[str, dict[str, HubConnectionContext]] = {}
        self._groups_of: dict[str, set[str]] = {}

    def add(self, connection_id: str, group: str) -> None:
        """Put a connection into a group; a connection that is gone is left out, twice is once."""
        connection = self._connections.get(connection_id)
        if connection is None:
            return
        self._members.setdefault(group, {})[connection_id] = connection
        self._groups_of.setdefault(connection_id, set()).add(group)

    def remove(self, connection_id: str, group: str) -> None:
        """Take a connection out of a group; harmless when it is not in it."""
        self._discard(connection_id, group)
        groups = self._groups_of.get(connection_id)
        if groups is not None:
            groups.discard(group)
            if not groups:
                del self._groups_of[connection_id]

    def remove_all(self, connection_id: str) -> None:
        """Take a connection out of every group."""
        for group in self._groups_of.pop(connection_id, ()):
            self._discard(connection_id, group)

    def members(self, group: str) -> Collection[HubConnectionContext]:
        """Return the connections of a group (a copy; empty when there is no such group)."""
        return tuple(self._members.get(group, {}).values())

    def has(self, connection_id: str, group: str) -> bool:
        """Tell whether a connection is in a group."""
        return connection_id in self._members.get(group, ())

    def _discard(self, connection_id: str, group: str) -> None:
        members = self._members.get(group)
        if members is not None:
            members.pop(connection_id, None)
            if not members:
                del self._members[group]
