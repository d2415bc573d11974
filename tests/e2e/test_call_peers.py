"""Calls with what others wrote: Chromium through a real coturn, and with aiortc.

Run by ``pytest -m calls tests/e2e/test_call_peers.py``; needs Debian's ``coturn`` and PyPI's ``aiortc``.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from conduit_widget.chat.call_settings import CallSettings
from tests.e2e.test_calls import SETTINGS, browser, people
from tests.support.aiortc_peer import aiortc_peer
from tests.support.chat_server import chat_server
from tests.support.turn_server import SECRET, TurnServer
from tests.support.waiting import eventually

__all__ = ["browser"]  # the fixture
pytestmark = pytest.mark.calls
RELAY = '{ iceTransportPolicy: "relay" }'


async def test_a_pair_without_a_direct_way_goes_through_turn(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is relayed, by credentials that the hub minted; the view says so."""
    with TurnServer(tmp_path) as turn:
        calls = CallSettings(turn_urls=(turn.url,), turn_secret=SECRET)
        settings = dataclasses.replace(SETTINGS, calls=calls)
        async with (
            chat_server(tmp_path / "h.db", settings=settings) as server,
            people(browser, server, monkeypatch, "ann", "bob", options=RELAY) as (ann, bob),
        ):
            await ann.join()
            await bob.join()
            for person in (ann, bob):
                await person.sees_more()
                await person.hears_more()
                assert (await person.measured())["relayed"] >= 1
                await expect(person.tiles.locator("small")).to_contain_text("relayed")


async def test_without_turn_a_pair_that_cannot_connect_is_told_why(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, screenshots: Path
) -> None:
    """Nothing is promised that cannot be."""
    async with (
        chat_server(tmp_path / "h.db", settings=SETTINGS) as server,
        people(browser, server, monkeypatch, "ann", "bob", options=RELAY) as (ann, bob),
    ):
        await ann.join()
        await bob.join()
        await expect(ann.sheet.locator(".tile-trouble")).to_contain_text("has no relay (TURN) server")
        await ann.page.screenshot(path=screenshots / "call-no-relay.png")


async def test_a_peer_that_nobody_here_wrote_takes_part(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the hub's methods alone it sees and hears a browser, and is seen."""
    async with (
        chat_server(tmp_path / "h.db", settings=SETTINGS) as server,
        people(browser, server, monkeypatch, "ann") as (ann,),
        aiortc_peer(server, "bob") as bob,
    ):
        await ann.join()
        await ann.sees_more()
        await eventually(lambda: bob.frames >= 10 and bob.samples > 48_000, what="aiortc sees and hears")
        await expect(ann.tiles).to_have_count(2)
