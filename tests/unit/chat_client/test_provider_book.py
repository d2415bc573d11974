"""The providers of one connection: what is told is kept, bounded, and told on once."""

from __future__ import annotations

from typing import Any

import pytest

from conduit_widget.chat_client.provider_book import MAX_FAILOVERS, MAX_LATENCIES, MAX_PROVIDERS, ProviderBook
from conduit_widget.chat_client.state.changes import NoticeLine
from conduit_widget.client.connection_state import ConnectionState
from conduit_widget.errors import HubException
from tests.support.signalr.scripted_connection import ScriptedConnection

LOCAL = {"provider": "local", "state": "healthy", "models": ["smol"]}


class Reader:
    """A book with what it told."""

    def __init__(self, *statuses: dict[str, Any]) -> None:
        self.statuses: Any = list(statuses)
        self.connection = ScriptedConnection(RequestProviderStatus=lambda: self.statuses)
        self.connection.state = ConnectionState.CONNECTED
        self.book = ProviderBook(self.connection.as_connection())
        self.told: list[bool] = []
        self.notices: list[NoticeLine] = []
        self.book.subscribe(self._tell, self.notices.append)

    def _tell(self, *, is_line_new: bool) -> None:
        self.told.append(is_line_new)

    def status(self, **status: Any) -> None:
        """The hub tells a provider's status."""
        self.connection.emit("ProviderStatusUpdate", status["provider"], status)


async def test_a_refresh_is_the_whole_truth() -> None:
    """Who is not in the hub's answer any more is gone, with its series; the same again is not told."""
    reader = Reader(LOCAL, {"provider": "openai", "state": "down"})
    await reader.book.refresh()
    await reader.book.refresh()
    assert [status.provider for status in reader.book.statuses] == ["local", "openai"]
    reader.statuses = [LOCAL]
    await reader.book.refresh()
    assert [figures.status.provider for figures in reader.book.figures()] == ["local"]
    assert reader.told == [True, False]


async def test_an_answer_that_is_none_is_refused_in_words() -> None:
    """Whatever stands behind the address."""
    reader = Reader()
    reader.statuses = [{"state": "healthy"}]
    with pytest.raises(HubException, match="not understood"):
        await reader.book.refresh()


def test_latencies_are_a_short_series(monkeypatch: pytest.MonkeyPatch) -> None:
    """One reading that comes by list and by event counts once; the series is bounded."""
    clock = [0.0]
    monkeypatch.setattr("conduit_widget.chat_client.provider_book.time.monotonic", lambda: clock[0])
    reader = Reader()
    for at in range(MAX_LATENCIES + 5):
        clock[0] += 5
        reader.status(**LOCAL, latency={"ttftP50": at})
        reader.status(**LOCAL, latency={"ttftP50": at})
    series = reader.book.figures()[0].latencies
    assert len(series) == MAX_LATENCIES
    assert series[-2:] == [MAX_LATENCIES + 3, MAX_LATENCIES + 4]


def test_failovers_are_kept_newest_first_and_bounded() -> None:
    """They are among the figures, and a notice to the conversations."""
    reader = Reader()
    for at in range(MAX_FAILOVERS + 3):
        notice = {"id": str(at), "from": {"provider": "a"}, "to": {"provider": "b"}, "conversationId": "c"}
        reader.connection.emit("ProviderFailover", notice)
    assert [line.id for line in reader.book.failovers] == [str(at) for at in range(10, 2, -1)]
    assert reader.notices[0].conversation_id == "c"


def test_providers_are_bounded_and_bad_events_survived(caplog: pytest.LogCaptureFixture) -> None:
    """A hub that names providers without end costs a fixed room; a bad event is logged, not quoted."""
    reader = Reader()
    for at in range(MAX_PROVIDERS + 5):
        reader.status(provider=f"p{at}", state="healthy")
    assert len(reader.book.statuses) == MAX_PROVIDERS
    reader.connection.emit("ProviderStatusUpdate", "x", {"provider": "x", "state": "SECRET"})
    reader.connection.emit("ProviderFailover", "SECRET")
    assert "not understood" in caplog.text
    assert "SECRET" not in caplog.text


def test_after_a_reconnect_it_is_asked_for_again() -> None:
    """The hub may be another one by then."""
    reader = Reader()
    reader.book.is_known = True
    reader.connection.emit("@reconnected", None)
    assert not reader.book.is_known
    reader.book.close()
    assert reader.connection.listeners() == 0
