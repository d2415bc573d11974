"""Calls whose media a real LiveKit server carries, in a real Chromium with fake devices.

Run by ``pytest -m calls tests/e2e/calls/test_livekit.py``; needs PyPI's ``livekit``, and Go, which builds the
server the first time.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import http.server
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from conduit_widget.chat.call_settings import CallSettings
from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.types import CallMedia
from tests.e2e.calls.test_calls import (
    SETTINGS,
    VIEWPORT,
    browser,
    people,
    speaking_browser,
    whoever_speaks_has_a_ring,
)
from tests.e2e.calls.test_pages import NOTHING, sees
from tests.e2e.calls.test_peers import RELAY
from tests.support.browser.call_page import CallPage, call_page
from tests.support.chat.server import ChatServer, chat_server
from tests.support.network.ports import free_port
from tests.support.servers.livekit import KEY, SECRET, LiveKitServer, own_turn, turn_beside
from tests.support.servers.livekit_peer import LiveKitPeer, livekit_peer
from tests.support.servers.turn import SECRET as TURN_SECRET, TurnServer
from tests.support.waiting import eventually

__all__ = ["browser"]  # the fixture
pytestmark = [pytest.mark.calls, pytest.mark.timeout(900)]  # Go's first build takes minutes
LISTENS = CallMedia(audio=False, video=False)


@pytest.fixture
def livekit(tmp_path: Path) -> Iterator[LiveKitServer]:
    """A LiveKit server."""
    with LiveKitServer(tmp_path) as server:
        yield server


@contextlib.asynccontextmanager
async def hub(folder: Path, calls: CallSettings) -> AsyncIterator[ChatServer]:
    """A hub whose site has such a server."""
    async with chat_server(folder / "h.db", settings=dataclasses.replace(SETTINGS, calls=calls)) as running:
        yield running


async def test_two_people_talk_through_the_sites_server(
    browser: Browser,
    tmp_path: Path,
    livekit: LiveKitServer,
    monkeypatch: pytest.MonkeyPatch,
    screenshots: Path,
) -> None:
    """By tokens that the hub minted: pictures, sound, mute, a screen with a pointer, and leaving."""
    async with (
        hub(tmp_path, livekit.settings) as server,
        people(browser, server, monkeypatch, "ann", "bob") as (ann, bob),
    ):
        await ann.join()
        await bob.join()
        for person in (ann, bob):
            await expect(person.tiles).to_have_count(2)
            await person.sees_more()
            await person.hears_more()
            await expect(person.tiles.locator("small")).to_contain_text("ms")
        await ann.page.screenshot(path=screenshots / "call-livekit.png")

        await bob.press("Mute")
        await expect(ann.tiles.filter(has_text="Bob").locator(".muted-sign")).to_be_visible()
        await bob.press("Camera off")
        await expect(ann.tiles.filter(has_text="Bob").locator("video")).to_have_count(0)
        await bob.press("Camera on")
        await ann.sees_more()

        await bob.press("Share this notebook")
        await expect(ann.sheet.get_by_label("Screen of Bob")).to_be_visible()
        await ann.sheet.locator(".screen-frame").hover(position={"x": 200, "y": 120})
        await expect(bob.sheet.locator(".pointer")).to_have_text("Ann")
        await bob.press("Stop sharing")
        await expect(ann.sheet.locator(".screen")).to_have_count(0)

        await bob.page.reload()
        await expect(bob.button).to_have_class("icon call-button in")
        await bob.open()
        await bob.sees_more()
        await bob.press("Leave")
        await expect(ann.tiles).to_have_count(1)


@contextlib.contextmanager
def _relay(kind: str, folder: Path) -> Iterator[dict[str, Any]]:
    if kind == "its own":
        yield own_turn()
    else:
        with TurnServer(folder) as turn:
            yield turn_beside(turn.port, TURN_SECRET)


@pytest.mark.parametrize("kind", ["its own", "coturn"])
async def test_who_has_no_direct_way_to_the_server_goes_through_turn(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Everything is relayed, both ways, by credentials that LiveKit's server minted; the view says so."""
    with _relay(kind, tmp_path) as relay, LiveKitServer(tmp_path, relay) as livekit:
        async with (
            hub(tmp_path, livekit.settings) as server,
            people(browser, server, monkeypatch, "ann", "bob", options=RELAY) as (ann, bob),
        ):
            await ann.join()
            await bob.join()
            for person in (ann, bob):
                await person.sees_more()
                await person.hears_more()
                assert (await person.measured())["relayed"] >= 1
                await expect(person.tiles.locator("small")).to_contain_text("relayed")
            await bob.press("Share this notebook")
            await expect(ann.sheet.get_by_label("Screen of Bob")).to_be_visible()
            await ann.sees_more()


async def test_whoever_speaks_has_a_ring(
    chromium_path: str, tmp_path: Path, livekit: LiveKitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where there is no server."""
    async with (
        hub(tmp_path, livekit.settings) as server,
        speaking_browser(chromium_path, tmp_path) as browser,
    ):
        await whoever_speaks_has_a_ring(browser, server, monkeypatch)


async def test_a_server_that_is_started_again_is_found_again(
    browser: Browser, tmp_path: Path, livekit: LiveKitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed in mid-call and knows nobody any more: the same cameras are seen through it again."""
    async with (
        hub(tmp_path, livekit.settings) as server,
        people(browser, server, monkeypatch, "ann", "bob") as pair,
    ):
        for person in pair:
            await person.join()
        for person in pair:
            await person.sees_more()
        livekit.stop()
        for person in pair:
            await expect(person.sheet.locator(".tile-trouble")).to_contain_text("Connection lost")
        livekit.start()
        await _are_back(pair)


async def test_whom_the_server_puts_out_the_hub_lets_in_again(
    browser: Browser, tmp_path: Path, livekit: LiveKitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library takes its administrator's word for the end; who is in the call is the hub's to say."""
    async with (
        hub(tmp_path, livekit.settings) as server,
        people(browser, server, monkeypatch, "ann", "bob") as pair,
    ):
        for person in pair:
            await person.join()
        for person in pair:
            await person.sees_more()
        await asyncio.to_thread(livekit.put_everybody_out)
        for person in pair:
            await expect(person.sheet.locator(".tile-trouble")).to_contain_text("Connection lost")
        await _are_back(pair)


async def _are_back(pair: list[CallPage]) -> None:
    for person in pair:
        await expect(person.sheet.locator(".tile-trouble")).to_have_count(0, timeout=180_000)
        await person.sees_more(within=120)
        await person.hears_more(within=120)


async def test_who_has_left_the_hubs_call_gets_nothing_of_it(
    browser: Browser, tmp_path: Path, livekit: LiveKitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LiveKit's own SDK sees a browser; out of the call, with a token that still holds, it sees nothing."""
    async with (
        hub(tmp_path, livekit.settings) as server,
        people(browser, server, monkeypatch, "ann") as (ann,),
        server.person("eve") as eve,
    ):
        await ann.join()
        await eve.join("team")
        chat = ChatHubClient(eve.connection)
        peer_id = str(uuid.uuid4())
        call = await chat.join_call("team", peer_id, LISTENS)
        assert call.sfu is not None
        (other,) = (peer.peer_id for peer in call.peers if peer.peer_id != peer_id)
        async with livekit_peer(call.sfu) as inside:
            await eventually(lambda: inside.frames.get(other, 0) >= 5, what="frames of Ann")
            await chat.leave_call("team", peer_id)
            await expect(ann.tiles).to_have_count(1)

        async with livekit_peer(call.sfu) as outside:
            await eventually(lambda: other in outside.seen, what="Ann is in the room")
            async with _listener(chat) as allowed:
                await eventually(lambda: allowed.frames.get(other, 0) >= 20, what="frames of Ann elsewhere")
            assert outside.frames == {}


@contextlib.asynccontextmanager
async def _listener(chat: ChatHubClient) -> AsyncIterator[LiveKitPeer]:
    peer_id = str(uuid.uuid4())
    call = await chat.join_call("team", peer_id, LISTENS)
    assert call.sfu is not None
    async with livekit_peer(call.sfu) as peer:
        yield peer
    await chat.leave_call("team", peer_id)


async def test_the_hubs_own_page_of_a_call_goes_through_it_too(
    browser: Browser, tmp_path: Path, livekit: LiveKitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its policy lets the page reach that server, and nothing else."""
    forbidding = await browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]
    other = await browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]
    async with (
        hub(tmp_path, livekit.settings) as server,
        call_page(forbidding, server, "ann", monkeypatch, headers=NOTHING) as ann,
        call_page(other, server, "bob", monkeypatch) as bob,
    ):
        await bob.join()
        await ann.open()
        async with forbidding.expect_page() as opening:
            await ann.sheet.get_by_role("button", name="Open the call in a browser tab").click()
        tab = await opening.value
        told: list[str] = []
        tab.on("console", lambda message: told.append(f"{message.type}: {message.text}"))
        await tab.get_by_label("With camera").check()
        await tab.get_by_role("button", name="Join the call").click()
        await expect(tab.locator(".tile")).to_have_count(2)
        await sees(tab)
        await bob.sees_more()
        assert [line for line in told if "Content Security Policy" in line] == []


class _NotFound(http.server.BaseHTTPRequestHandler):
    """Something that is no LiveKit server."""

    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("access-control-allow-origin", "*")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


@contextlib.contextmanager
def _wrong(kind: str, livekit: LiveKitServer) -> Iterator[CallSettings]:
    if kind == "another secret":
        yield dataclasses.replace(livekit.settings, livekit_secret=f"not-{SECRET}")
    elif kind == "nothing there":
        yield dataclasses.replace(livekit.settings, livekit_url=f"ws://127.0.0.1:{free_port()}")
    else:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _NotFound)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield dataclasses.replace(livekit.settings, livekit_url=f"ws://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.mark.parametrize("kind", ["another secret", "nothing there", "no LiveKit"])
async def test_a_server_that_lets_nobody_in_is_told_at_the_button(
    browser: Browser,
    tmp_path: Path,
    livekit: LiveKitServer,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    """Nobody waits for ever, nobody is left in the call, and the camera is off."""
    with _wrong(kind, livekit) as calls:
        async with hub(tmp_path, calls) as server, people(browser, server, monkeypatch, "ann") as (ann,):
            await ann.open()
            await ann.sheet.get_by_label("With camera").check()
            await ann.sheet.locator("button.join").click()
            await expect(ann.sheet.get_by_role("alert")).to_contain_text("does not answer")
            await expect(ann.button).to_have_class("icon call-button")
            await expect(ann.sheet.locator("button.join")).to_be_enabled()
            assert KEY not in await ann.sheet.inner_text()
