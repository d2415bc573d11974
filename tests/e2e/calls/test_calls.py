"""Calls in a real Chromium with fake devices: people hear and see each other, whatever happens.

The ordinary run has two people; ``pytest -m calls tests/e2e/calls/test_calls.py`` has all of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.support.browser.call_page import MEDIA_FLAGS, CallPage, call_page, speech_flag
from tests.support.browser.chromium import FLAGS
from tests.support.chat.server import FAST, ChatServer, chat_server
from tests.support.waiting import eventually

expect.set_options(timeout=60_000)  # the browsers of six people share what processors there are
SETTINGS: Final = dataclasses.replace(FAST, presence_grace=10.0)
VIEWPORT: Final = {"width": 900, "height": 700}
OPEN: Final = "() => connections.filter((pc) => pc.connectionState !== 'closed').length"

IN_SIGHT: Final = """(sheet) => {
  const boxOf = (selector) => sheet.querySelector(selector).getBoundingClientRect();
  const [screen, tools, strip] = [".screen-frame", ".screen-tools", ".strip"].map(boxOf);
  const [controls, whole] = [boxOf(".controls"), sheet.getBoundingClientRect()];
  return tools.right <= screen.right && (screen.bottom <= strip.top || screen.right <= strip.left)
    && strip.bottom <= controls.top
    && controls.bottom <= whole.bottom && screen.height > 100;
}"""
"""The screen, whatever belongs to it, and the people below it."""


@pytest.fixture
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    """A fresh Chromium with fake devices."""
    async with async_playwright() as playwright:
        instance = await playwright.chromium.launch(executable_path=chromium_path, args=FLAGS + MEDIA_FLAGS)
        try:
            yield instance
        finally:
            await instance.close()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ChatServer]:
    """A hub."""
    async with chat_server(tmp_path / "h.db", settings=SETTINGS) as running:
        yield running


@contextlib.asynccontextmanager
async def people(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch, *names: str, options: str = "{}"
) -> AsyncIterator[list[CallPage]]:
    """Open a page for each, in a profile of their own."""
    async with contextlib.AsyncExitStack() as stack:
        pages = []
        for name in names:
            context = await browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]
            stack.push_async_callback(context.close)
            small = len(names) > 2
            page = call_page(context, server, name, monkeypatch, options=options, small_pictures=small)
            pages.append(await stack.enter_async_context(page))
        yield pages


async def test_two_people_talk_show_a_screen_and_come_back(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch, screenshots: Path
) -> None:
    """Pictures are decoded, sound is heard both ways; mute, screen, reload, leaving: each is seen there."""
    async with people(browser, server, monkeypatch, "ann", "bob") as (ann, bob):
        await ann.open()
        await ann.sheet.get_by_role("button", name="Try it").click()
        await expect(ann.sheet.locator("meter")).to_be_visible()
        await expect(ann.button).to_have_class("icon call-button live")
        await ann.button.click()  # gone without joining
        await expect(ann.button).to_have_class("icon call-button")
        await ann.join()
        await expect(bob.button).to_contain_text("1")
        await bob.join()
        for person in (ann, bob):
            await person.sees_more()
            await person.hears_more()
            await expect(person.tiles).to_have_count(2)
        await expect(ann.tiles.filter(has_text="Bob").locator("small")).to_contain_text("ms")
        assert await ann.button.get_attribute("class") == "icon call-button in live"

        await bob.press("Mute")
        await expect(ann.tiles.filter(has_text="Bob").locator(".muted-sign")).to_be_visible()
        await bob.press("Unmute")
        await expect(ann.tiles.filter(has_text="Bob").locator(".muted-sign")).to_have_count(0)

        await bob.press("Share this notebook")
        await expect(ann.sheet.get_by_label("Screen of Bob")).to_be_visible()
        await ann.sees_more()
        await ann.press("Zoom in")
        await expect(ann.sheet.locator(".screen")).to_have_attribute("data-zoom", "1.4")
        await ann.press("Whole screen")
        await ann.sheet.locator(".screen-frame").hover(position={"x": 200, "y": 120})
        await expect(bob.sheet.locator(".pointer")).to_have_text("Ann")
        await ann.page.screenshot(path=screenshots / "call-screen.png")
        for width in ("Wider", "Narrower"):
            await eventually(lambda: ann.sheet.evaluate(IN_SIGHT), what="everything is in sight")
            await ann.press(width)
        await ann.page.set_viewport_size({"width": 360, "height": 640})
        await eventually(lambda: ann.sheet.evaluate(IN_SIGHT), what="everything is in sight")
        await ann.page.set_viewport_size(VIEWPORT)  # type: ignore[arg-type]
        await ann.press("Share this notebook")  # whoever shares takes over
        await expect(bob.sheet.get_by_label("Screen of Ann")).to_be_visible()
        await expect(bob.sheet.get_by_role("button", name="Stop sharing")).to_have_count(0)
        await ann.press("Stop sharing")
        await expect(bob.sheet.locator(".screen")).to_have_count(0)

        await bob.page.reload()
        await expect(bob.button).to_have_class("icon call-button in")  # back, with nothing of bob's taken
        await bob.open()
        await bob.sees_more()
        await expect(ann.tiles).to_have_count(2)
        await bob.press("Leave")
        await expect(ann.tiles).to_have_count(1)
        await ann.page.evaluate("() => globalThis.closeView()")
        await expect(bob.button).to_have_text("")
        assert await ann.page.evaluate("() => connections.every((pc) => pc.connectionState === 'closed')")


@pytest.mark.calls
async def test_three_people_and_one_is_killed(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third joins muted; a page that vanishes is told as lost at once and is out a while later."""
    async with people(browser, server, monkeypatch, "ann", "bob", "cem") as (ann, bob, cem):
        await ann.join()
        await bob.join()
        await cem.join()
        await expect(cem.sheet.locator(".call-note")).to_contain_text("joined muted")
        for person in (ann, bob, cem):
            await expect(person.tiles).to_have_count(3)
            await expect(person.tiles.locator("small")).to_have_count(2)
            await person.sees_more(20)
        for person in (ann, bob):
            await expect(person.tiles.filter(has_text="Cem").locator(".muted-sign")).to_be_visible()
        await cem.press("Unmute")
        for person in (ann, bob, cem):
            await person.hears_and_sees(2)
        await cem.press("Mute")
        await expect(ann.tiles.filter(has_text="Cem").locator(".muted-sign")).to_be_visible()
        await cem.sheet.locator(".stage").press("Space", delay=400)
        session = await bob.page.context.new_cdp_session(bob.page)
        with contextlib.suppress(Exception):  # it answers nothing any more
            await asyncio.wait_for(session.send("Page.crash"), 2)
        await expect(ann.sheet.get_by_text("Connection lost")).to_be_visible()
        bob.chat._backend.conversation.calls._silence = 1.0  # by default half a minute
        await expect(ann.tiles).to_have_count(2)
        await ann.sees_more()


@pytest.mark.calls
async def test_whoever_speaks_has_a_ring(
    chromium_path: str, tmp_path: Path, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as they are heard: not once they are muted."""
    async with speaking_browser(chromium_path, tmp_path) as browser:
        await whoever_speaks_has_a_ring(browser, server, monkeypatch)


@contextlib.asynccontextmanager
async def speaking_browser(chromium_path: str, folder: Path) -> AsyncIterator[Browser]:
    """A Chromium whose microphones hear words."""
    async with async_playwright() as playwright:
        flags = [*FLAGS, *MEDIA_FLAGS, speech_flag(folder)]
        instance = await playwright.chromium.launch(executable_path=chromium_path, args=flags)
        try:
            yield instance
        finally:
            await instance.close()


async def whoever_speaks_has_a_ring(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Look at two people, of whom one is muted at last."""
    async with people(browser, server, monkeypatch, "ann", "bob") as (ann, bob):
        await ann.join()
        await bob.join()
        for person, other in ((ann, "Bob"), (bob, "Ann")):
            await expect(person.tiles.filter(has_text=other)).to_have_class(re.compile("speaks"))
        await bob.press("Mute")
        await expect(ann.tiles.filter(has_text="Bob")).not_to_have_class(re.compile("speaks"))


@pytest.mark.calls
@pytest.mark.timeout(900)  # thirty encoders on what processors there are
async def test_six_people_and_no_seventh(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch, screenshots: Path
) -> None:
    """All hear and see five others, each of them; the seventh is told why not."""
    names = [f"p{number}" for number in range(7)]
    async with people(browser, server, monkeypatch, *names) as pages:
        for person in pages[:6]:
            await person.join()
        for person in pages[2:6]:
            await person.press("Unmute")
        for person in pages[1:]:  # nobody looks at these pictures, and drawing them costs more than the call
            await person.page.set_viewport_size({"width": 360, "height": 480})
        for person in pages[:6]:
            await expect(person.tiles.locator("small")).to_have_count(5, timeout=240_000)
            await person.hears_and_sees(5, within=240)
        await pages[0].page.screenshot(path=screenshots / "call-six.png")
        await pages[6].open()
        await pages[6].sheet.locator("button.join").click()
        await expect(pages[6].sheet.get_by_role("alert")).to_have_text(
            "The call is full (6/6). Join when somebody has left."
        )


@pytest.mark.calls
async def test_a_cut_network_comes_back(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way between two browsers is lost and found again by itself, by new credentials of the session."""
    async with people(browser, server, monkeypatch, "ann", "bob") as (ann, bob):
        await ann.join()
        await bob.join()
        await ann.sees_more()
        ufrag = "connections.at(-1).localDescription.sdp.match(/ice-ufrag:(.*)/)[1]"
        before = await ann.page.evaluate(f"() => {ufrag}")
        await ann.page.context.set_offline(True)
        await ann.page.context.set_offline(False)  # the page hears that the network is another one
        await ann.page.wait_for_function(f"(before) => {ufrag} !== before", arg=before, polling=100)
        await ann.sees_more()
        await bob.sees_more()


class Loss:
    """Loses the first ``most`` signals of a kind that a page sends."""

    def __init__(self, person: CallPage, most: int, kind: str = "") -> None:
        self.left = most
        self._kind = kind
        person.comm.loses = self

    def __call__(self, signal: dict[str, Any]) -> bool:
        kind = signal.get("description", {}).get("type", "candidate")
        if self.left == 0 or self._kind not in ("", kind):
            return False
        self.left -= 1
        return True


@pytest.mark.calls
@pytest.mark.parametrize("kind", ["offer", "answer", ""])
async def test_signals_that_are_lost_are_said_again(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Two offers, two answers or a dozen signals of anything never arrive: the two find each other."""
    async with people(browser, server, monkeypatch, "ann", "bob") as (ann, bob):
        losses = [Loss(person, 2 if kind else 6, kind) for person in (ann, bob)]
        await ann.join()
        await bob.join()
        for person in (ann, bob):
            await person.hears_and_sees(1)
        assert sum(loss.left for loss in losses) < (4 if kind else 12), "something was lost"


@pytest.mark.calls
async def test_two_that_both_offer_agree(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who leads is not heard for so long that the other one offers too; then both are heard."""
    async with people(browser, server, monkeypatch, "ann", "bob") as (ann, bob):
        offers: list[CallPage] = []
        polite = asyncio.Event()

        def loses(person: CallPage, signal: dict[str, Any]) -> bool:
            if polite.is_set():
                return False
            if signal.get("description", {}).get("type") == "offer" and person not in offers:
                offers.append(person)
                if len(offers) == 2:
                    polite.set()
                    return False
            return True

        for person in (ann, bob):
            person.comm.loses = functools.partial(loses, person)
        await ann.join()
        await bob.join()
        await asyncio.wait_for(polite.wait(), 60)
        for person in (ann, bob):
            await person.hears_and_sees(1)


@pytest.mark.calls
async def test_a_connection_that_is_broken_for_good_is_made_anew(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One browser's connection ends without a word: looking for another way is in vain, a new one is made."""
    async with people(browser, server, monkeypatch, "ann", "bob") as (ann, bob):
        await ann.join()
        await bob.join()
        for person in (ann, bob):
            await person.hears_and_sees(1)
        for person in (ann, bob):  # whoever of them leads
            await person.page.evaluate("() => connections.at(-1).close()")
            for each in (person, ann, bob):
                await each.hears_and_sees(1)
                await each.sees_more()
        for person in (ann, bob):
            assert await person.page.evaluate(OPEN) == 1
