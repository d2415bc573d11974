"""Delivery to many: encoded once per hub protocol, closed connections left out, nothing left behind."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.delivery.clients import HubClients
from conduit_widget.hub.delivery.event_writer import EventWriter
from conduit_widget.hub.delivery.groups import Groups
from conduit_widget.hub.delivery.lifetime import LifetimeManager
from conduit_widget.hub.delivery.outbox import EncodedRecord
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from conduit_widget.protocol.messages import HubMessage
from conduit_widget.types import SendReceipt


@dataclass
class CountingProtocol:
    """Counts its encodings."""

    name: str
    encoded: list[HubMessage] = field(default_factory=list)

    def encode(self, message: HubMessage) -> bytes:
        self.encoded.append(message)
        return JsonHubProtocol().encode(message)


def _connection(connection_id: str, user_id: str, protocol: CountingProtocol, lagging: bool = False) -> Any:
    records: list[EncodedRecord] = []
    return SimpleNamespace(
        connection_id=connection_id,
        user=Principal(user_id, user_id),
        protocol=protocol,
        closed=False,
        lagging=lagging,
        records=records,
        outbox=SimpleNamespace(put=records.append, paused=lagging, lagging=lagging),
    )


@pytest.fixture
def sent() -> list[tuple[str, int]]:
    """What the metrics are told."""
    return []


def test_broadcast_is_encoded_once_per_protocol(sent: list[tuple[str, int]]) -> None:
    """A hundred receivers share two encodings, the very same bytes."""
    one, two = CountingProtocol("one"), CountingProtocol("two")
    lifetime = LifetimeManager(EventWriter(lambda target, count: sent.append((target, count)), pytest.fail))
    connections = [_connection(str(n), "ann", one if n % 2 else two) for n in range(100)]
    for connection in connections:
        lifetime.add(connection)
    connections[0].closed = True
    HubClients(lifetime, Groups(lifetime.connections)).all().send(
        "Acknowledged", SendReceipt(id="a", seq=1, timestamp="t")
    )
    assert (len(one.encoded), len(two.encoded)) == (1, 1)
    assert len({id(item.records[0]) for item in connections[1:]}) == 2
    assert b'"answerId"' not in connections[1].records[0].payload
    assert connections[0].records == []
    assert sent == [("Acknowledged", 99)]


def test_volatile_event_skips_who_lags_and_leaves_the_rest(sent: list[tuple[str, int]]) -> None:
    """Typing and presence are not worth a slow reader's memory."""
    protocol = CountingProtocol("one")
    lifetime = LifetimeManager(EventWriter(lambda target, count: sent.append((target, count)), pytest.fail))
    slow, quick = _connection("1", "ann", protocol, lagging=True), _connection("2", "bob", protocol)
    lifetime.add(slow)
    lifetime.add(quick)
    clients = HubClients(lifetime, Groups(lifetime.connections))
    assert clients.all().send_volatile("UserTyping", "ann", True) == [slow]
    assert (len(slow.records), len(quick.records)) == (0, 1)
    clients.client("1").send("Important")
    assert len(slow.records) == 1


def test_nobody_is_encoded_for_when_nobody_is_there() -> None:
    """An empty group costs nothing."""
    lifetime = LifetimeManager(
        EventWriter(lambda target, count: pytest.fail("nothing was sent"), pytest.fail)
    )
    clients = HubClients(lifetime, Groups(lifetime.connections))
    clients.group("none").send("X", object())
    clients.user("none").send("X")
    clients.client("none").send("X")


def test_groups_and_users_forget_who_is_gone() -> None:
    """Nothing is left of a connection that ended, empty groups included."""
    lifetime = LifetimeManager(EventWriter(lambda target, count: None, pytest.fail))
    groups = Groups(lifetime.connections)
    protocol = CountingProtocol("one")
    first, second = _connection("1", "ann", protocol), _connection("2", "ann", protocol)
    for connection in (first, second):
        lifetime.add(connection)
        groups.add(connection.connection_id, "g")
        groups.add(connection.connection_id, "g")
    groups.add("1", "h")
    groups.add("gone", "g")
    assert len(groups.members("g")) == 2
    assert groups.has("1", "g")
    assert groups.has("1", "h")
    groups.remove("2", "g")
    groups.remove("2", "g")
    lifetime.remove(first)
    lifetime.remove(first)
    groups.remove_all("1")
    groups.remove_all("1")
    assert lifetime.of_user("ann") == (second,)
    assert (groups.members("g"), groups.members("h"), groups.has("1", "g")) == ((), (), False)
    assert groups._members == {}
    assert groups._groups_of == {}


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, 10**30, {"deep": [10**30]}, "\ud800", object()])
def test_event_that_one_protocol_cannot_write_reaches_the_others(
    value: object, sent: list[tuple[str, int]], caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever stands where among the receivers; what went wrong is logged once, without the value."""
    failed: list[str] = []
    lifetime = LifetimeManager(EventWriter(lambda target, count: sent.append((target, count)), failed.append))
    binary, text = MessagePackHubProtocol(), JsonHubProtocol()
    protocols = [text, binary, text, binary, text]
    connections = [_connection(str(n), "ann", each) for n, each in enumerate(protocols)]  # type: ignore[arg-type]
    for connection in connections:
        lifetime.add(connection)
    clients = HubClients(lifetime, Groups(lifetime.connections))
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            clients.all().send("Said", value)
            clients.all().send("Said", "fine")
    readable = isinstance(value, int | dict)
    for connection in connections:
        takes = 6 if readable and connection.protocol is text else 3
        assert len(connection.records) == takes
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == (1 if readable else 2), "once for each hub protocol that could not"
    assert "1000000" not in "".join(lines)
    assert set(failed) == {"encoding"}
