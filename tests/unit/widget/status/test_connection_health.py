"""The view of a connection: figures while somebody looks, over the chats' own connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conduit_widget.chat_client.state.changes import ConnectionInfo
from conduit_widget.errors import AuthenticationError, ConduitError, ConnectionLostError
from conduit_widget.widget.browser import views
from conduit_widget.widget.chat.chat import Chat
from conduit_widget.widget.status.connection_health import ConnectionHealth
from conduit_widget.widget.status.health_monitor import HealthReport, quantile
from tests.support.kernel.comm import CommLedger
from tests.support.waiting import eventually_sync
from tests.unit.widget.conftest import ScriptedHub


@pytest.fixture
def health(hub: ScriptedHub, comms: CommLedger) -> Iterator[ConnectionHealth]:
    """A view of a live connection; nothing of it may remain."""
    opened = ConnectionHealth(user="me", hub_url="http://scripted", token="SECRET-TOKEN")
    eventually_sync(lambda: opened.report.latency is not None)
    yield opened
    opened.close()
    assert hub.listeners() == 0
    assert hub.stops == hub.starts


def newest(comms: CommLedger) -> dict[str, Any]:
    """The state of the newest snapshot that was sent to the view."""
    states = [each["state"] for each in comms.view.custom if each["kind"] == "snapshot"]
    state: dict[str, Any] = states[-1] if states else {"connection": {"retryAt": None}}
    return state


def test_figures_are_read_at_the_prompt_and_shown_as_a_line(health: ConnectionHealth) -> None:
    """State, transport, latency and counts; what shows no widget shows them as text."""
    report = health.report
    assert (report.connection.state, report.transport, report.host) == ("live", "WebSockets", "scripted")
    assert report.latency is not None
    assert report.latency_p95 is not None
    line = f"Hub scripted: live, WebSockets, {report.latency:g} ms (p95 {report.latency_p95:g} ms)"
    assert repr(health) == f"{line}, 0 reconnects, 0 unsent"
    shown = health._repr_mimebundle_()
    assert shown is not None
    assert shown[0]["text/plain"].startswith("Hub scripted: live, WebSockets, ")
    assert "SECRET" not in str(shown)


def test_view_hears_of_a_cut_and_of_the_way_back(
    health: ConnectionHealth, hub: ScriptedHub, comms: CommLedger
) -> None:
    """A reconnect is counted, and while it waits the view has the moment and the reason."""
    comms.view.receive({"kind": "hello", "n": 0})
    hub.act(hub.lose, ConnectionLostError("The hub is gone."))
    hub.act(hub.schedule_retry, 1, 4.0, ConnectionLostError("The hub is gone."))
    eventually_sync(lambda: newest(comms)["connection"]["retryAt"])
    link = newest(comms)["connection"]
    assert (link["state"], link["attempt"], link["message"]) == ("reconnecting", 1, "The hub is gone.")
    comms.view.receive({"kind": "retry"})
    eventually_sync(lambda: hub.retries == 1)
    hub.act(hub.restore)
    eventually_sync(lambda: newest(comms)["connection"]["state"] == "live")
    assert newest(comms)["reconnects"] == 1


def test_connection_is_the_chats_own(hub: ScriptedHub, comms: CommLedger) -> None:
    """A chat and the view of its connection open one connection, and the last of them closes it."""
    chat = Chat("c", hub_url="http://scripted", token="t")
    chat.wait_connected(30)
    health = ConnectionHealth(hub_url="http://scripted", token="t")
    eventually_sync(lambda: health.report.connection.state == "live")
    assert hub.starts == 1
    chat.close()
    assert hub.stops == 0
    health.close()
    assert hub.stops == 1
    with pytest.raises(ConduitError, match="closed"):
        _ = health.report
    assert repr(health) == "ConnectionHealth() (closed)"


def test_what_waits_for_the_hub_is_counted(
    health: ConnectionHealth, hub: ScriptedHub, comms: CommLedger
) -> None:
    """Messages that cannot leave are a figure of the connection, whichever chat they are in."""
    chat = Chat("c", user="me", hub_url="http://scripted", token="SECRET-TOKEN")
    chat.wait_connected(30)
    hub.act(hub.lose)
    pending = chat.send("later")
    hub.act(hub.schedule_retry, 1, 1.0)
    eventually_sync(lambda: health.report.unsent == 1)
    hub.act(hub.restore)
    pending.result(30)
    chat.close()


def test_nobody_looking_costs_nothing(
    health: ConnectionHealth, hub: ScriptedHub, comms: CommLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the last view has gone the connection is given back; the next view has it again."""
    monkeypatch.setattr(views, "ABSENCE", 0.05)
    comms.view.receive({"kind": "hello", "n": 0})
    comms.view.receive({"kind": "bye"})
    eventually_sync(lambda: hub.stops == 1)
    comms.view.receive({"kind": "hello", "n": 0})
    eventually_sync(lambda: hub.starts == 2)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (AuthenticationError("The hub refused the token.", 401), "The hub refused the token."),
        (ZeroDivisionError(), "The hub connection failed: ZeroDivisionError."),
    ],
)
def test_connection_that_cannot_be_opened_says_why_and_is_tried_again(
    hub: ScriptedHub, comms: CommLedger, error: Exception, told: str
) -> None:
    """Refused or broken: one line in the view, and its button tries anew."""
    hub.start_error = error
    health = ConnectionHealth(hub_url="http://scripted", token="t")
    eventually_sync(lambda: health.report.connection.state == "offline")
    assert health.report.connection.message == told
    hub.start_error = None
    comms.view.receive({"kind": "retry"})
    eventually_sync(lambda: health.report.connection.state == "live")
    health.close()


def test_percentile_leaves_one_of_twenty_out() -> None:
    """Of twenty round trips one may be slow before the 95th percentile is."""
    trips = [1.0] * 19 + [50.0]
    assert quantile(trips, 0.95) == 1.0
    assert quantile([*trips, 50.0], 0.95) == 50.0


def test_report_in_words() -> None:
    """Before a connection, after its end: the line says what is known and no more."""
    assert str(HealthReport()) == "Hub: connecting, 0 reconnects, 0 unsent"
    offline = ConnectionInfo(state="offline", message="The hub ended the connection.")
    report = HealthReport(connection=offline, host="h:1", latency=3.0, latency_p95=4.0, reconnects=1)
    assert str(report) == "Hub h:1: offline, The hub ended the connection, 1 reconnect, 0 unsent"
