"""What an operator reads of a provider's health."""

from __future__ import annotations

import asyncio

import pytest

from conduit_widget.chat.status.notices import Notices
from conduit_widget.chat.status.provider_statuses import ProviderFeed
from conduit_widget.types import ProviderState, ProviderStatus
from tests.support.providers.scripted_provider import ScriptedDirectory
from tests.support.skipping_clock import SkippingClock


async def test_trouble_and_its_end_are_logged_once_each(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line when a provider gets into trouble, when that changes, and when it is over; else none."""
    clock, directory = SkippingClock(monkeypatch), ScriptedDirectory()
    feed = ProviderFeed(directory, Notices(), (), interval=60.0)
    feed.start()
    states: list[tuple[ProviderState, str]] = [
        ("unknown", ""),
        ("healthy", ""),
        ("down", "It cannot be reached."),
        ("down", "It still cannot be reached."),
        ("rate_limited", "Too many requests."),
        ("healthy", ""),
        ("healthy", "but slow"),
    ]
    for state, reason in states:
        directory.report(ProviderStatus(provider="acme", state=state, reason=reason))
        clock.skip(61.0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    feed.close()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "Provider acme is down: It cannot be reached."),
        ("WARNING", "Provider acme is rate_limited: Too many requests."),
        ("WARNING", "Provider acme is healthy again."),
    ]
