"""The connections of one mounted hub, in memory: by id and by user."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.delivery.event_writer import EventWriter
from conduit_widget.hub.delivery.outbox import EncodedRecord
from conduit_widget.protocol.hub_protocol import HubProtocol


class LifetimeManager:
    """Keeps the connections and delivers to many of them, in the bytes that ``events`` writes."""

    def __init__(self, events: EventWriter) -> None:
        self.connections: dict[str, HubConnectionContext] = {}
        self._users: dict[str, dict[str, HubConnectionContext]] = {}
        self._events = events

    def add(self, connection: HubConnectionContext) -> None:
        """Make a connection reachable."""
        self.connections[connection.connection_id] = connection
        self._users.setdefault(connection.user.user_id, {})[connection.connection_id] = connection

    def remove(self, connection: HubConnectionContext) -> None:
        """Forget a connection; harmless when it is not known."""
        self.connections.pop(connection.connection_id, None)
        of_user = self._users.get(connection.user.user_id)
        if of_user is not None:
            of_user.pop(connection.connection_id, None)
            if not of_user:
                del self._users[connection.user.user_id]

    def all(self) -> Collection[HubConnectionContext]:
        """Return every connection (a copy)."""
        return tuple(self.connections.values())

    def of_user(self, user_id: str) -> Collection[HubConnectionContext]:
        """Return a user's connections (a copy)."""
        return tuple(self._users.get(user_id, {}).values())

    def with_id(self, connection_id: str) -> Collection[HubConnectionContext]:
        """Return the connection of that id, or nothing."""
        connection = self.connections.get(connection_id)
        return () if connection is None else (connection,)

    def broadcast(
        self,
        receivers: Iterable[HubConnectionContext],
        target: str,
        arguments: Collection[Any],
        missed: list[HubConnectionContext] | None = None,
    ) -> None:
        """Queue one event for many, encoded once per hub protocol.

        With ``missed``, those who lag go without and are added to it. Connections whose hub protocol cannot
        write the event go without it too; the others get it.
        """
        protocol: HubProtocol | None = None
        record: EncodedRecord | None = None
        records: dict[str, EncodedRecord | None] = {}
        count = 0
        for receiver in receivers:
            if receiver.closed:
                continue
            outbox = receiver.outbox
            if outbox.paused and missed is not None and outbox.lagging:
                missed.append(receiver)
                continue
            if receiver.protocol is not protocol:
                protocol = receiver.protocol
                if protocol.name not in records:
                    records[protocol.name] = self._events.encode(protocol, target, arguments)
                record = records[protocol.name]
            if record is None:
                continue
            outbox.put(record)
            count += 1
        if count:
            self._events.sent(target, count)
