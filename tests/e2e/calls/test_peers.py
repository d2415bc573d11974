"""Calls with what others wrote: Chromium through a real coturn, and with aiortc.

Run by ``pytest -m calls tests/e2e/calls/test_peers.py``; needs Debian's ``coturn`` and PyPI's ``aiortc``.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from conduit_widget.chat.call_settings import CallSettings
from tests.e2e.calls.test_calls import SETTINGS, browser, people
from tests.support.chat.server import chat_server
from tests.support.servers.aiortc_peer import aiortc_peer
from tests.support.servers.turn import SECRET, TurnServer
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


async def test_a_cut_network_comes_back_and_so_do_the_two(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, screenshots: Path
) -> None:
    """Nothing gets through for so long that both see it; then they find each other by themselves."""
    with TurnServer(tmp_path) as turn:
        calls = CallSettings(turn_urls=(turn.url,), turn_secret=SECRET)
        settings = dataclasses.replace(SETTINGS, calls=calls)
        async with (
            chat_server(tmp_path / "h.db", settings=settings) as server,
            people(browser, server, monkeypatch, "ann", "bob", options=RELAY) as pair,
        ):
            for person in pair:
                await person.join()
            for person in pair:
                await person.sees_more()
            turn.stop()
            for person in pair:
                await expect(person.sheet.locator(".tile-trouble")).to_contain_text("Connection lost")
            await pair[0].page.screenshot(path=screenshots / "call-lost.png")
            turn.go_on()
            for person in pair:
                await expect(person.sheet.locator(".tile-trouble")).to_have_count(0, timeout=120_000)
                await person.sees_more()
                await person.hears_more()


async def test_credentials_are_renewed_before_they_end(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that lasts longer than they do goes on, over the TURN server by the new ones."""
    names = """() => connections.filter((pc) => pc.connectionState !== "closed").map(
      (pc) => pc.getConfiguration().iceServers.at(-1).username)"""
    ufrags = """() => connections.filter((pc) => pc.connectionState !== "closed").map(
      (pc) => pc.localDescription.sdp.match(/ice-ufrag:(.*)/)[1])"""
    with TurnServer(tmp_path) as turn:
        calls = CallSettings(turn_urls=(turn.url,), turn_secret=SECRET, turn_ttl=24.0)
        settings = dataclasses.replace(SETTINGS, calls=calls)
        async with (
            chat_server(tmp_path / "h.db", settings=settings) as server,
            people(browser, server, monkeypatch, "ann", "bob", options=RELAY) as pair,
        ):
            for person in pair:
                await person.join()
            for person in pair:
                await person.sees_more()
                await expect(person.tiles.locator("small")).to_contain_text("relayed")
            before = [await person.page.evaluate(names) for person in pair]
            ways = [await person.page.evaluate(ufrags) for person in pair]
            for person, old, way in zip(pair, before, ways, strict=True):
                changed = "(old) => JSON.stringify(({})()) !== JSON.stringify(old)"
                for what, value in ((names, old), (ufrags, way)):
                    await person.page.wait_for_function(
                        changed.format(what), arg=value, timeout=60_000, polling=250
                    )
            for person in pair:
                await person.sees_more(20)
                assert (await person.measured())["relayed"] >= 1


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
