"""Calls in a real Chromium with fake devices: people hear and see each other, whatever happens.

The ordinary run has two people; ``pytest -m calls tests/e2e/test_calls.py`` has all of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.support.call_page import MEDIA_FLAGS, CallPage, call_page
from tests.support.chat_server import FAST, ChatServer, chat_server
from tests.support.chromium import FLAGS

expect.set_options(timeout=60_000)  # the browsers of six people share what processors there are
SETTINGS: Final = dataclasses.replace(FAST, presence_grace=10.0)
VIEWPORT: Final = {"width": 900, "height": 700}


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
            page = call_page(context, server, name, monkeypatch, options=options)
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
        await cem.sheet.locator(".stage").press("Space", delay=400)
        session = await bob.page.context.new_cdp_session(bob.page)
        with contextlib.suppress(Exception):  # it answers nothing any more
            await asyncio.wait_for(session.send("Page.crash"), 2)
        await expect(ann.sheet.get_by_text("Connection lost")).to_be_visible()
        bob.chat._backend.conversation.calls._silence = 1.0  # by default half a minute
        await expect(ann.tiles).to_have_count(2)
        await ann.sees_more()


@pytest.mark.calls
async def test_six_people_and_no_seventh(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch, screenshots: Path
) -> None:
    """All see five others; the seventh is told why not."""
    names = [f"p{number}" for number in range(7)]
    async with people(browser, server, monkeypatch, *names) as pages:
        for person in pages[:6]:
            await person.join()
        for person in pages[:6]:
            await expect(person.tiles.locator("small")).to_have_count(5, timeout=90_000)
            await person.sees_more(30, within=90)
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
        ufrag = "connections[0].localDescription.sdp.match(/ice-ufrag:(.*)/)[1]"
        before = await ann.page.evaluate(f"() => {ufrag}")
        await ann.page.context.set_offline(True)
        await ann.page.context.set_offline(False)  # the page hears that the network is another one
        await ann.page.wait_for_function(f"(before) => {ufrag} !== before", arg=before, polling=100)
        await ann.sees_more()
        await bob.sees_more()
