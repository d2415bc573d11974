"""Where a notebook's page may use no camera: the call in a tab that the hub serves, in a real Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.calls.test_calls import VIEWPORT, browser, server
from tests.support.browser.call_page import call_page
from tests.support.chat.server import ChatServer

__all__ = ["browser", "server"]  # the fixtures
NOTHING = {"permissions-policy": "camera=(), microphone=(), display-capture=()"}


async def sees(page: Page) -> None:
    """Wait until a picture of somebody else moves."""
    await page.wait_for_function(
        """() => {
          const videos = document.querySelector("#call").shadowRoot.querySelectorAll(".tile video");
          return [...videos].some((video) => !video.matches(".mirrored") && video.currentTime > 0.5);
        }""",
        timeout=60_000,
        polling=100,
    )


async def test_the_call_goes_on_in_a_tab_of_the_hubs_own(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch, screenshots: Path
) -> None:
    """By a link that is good once, with nothing that the page's policy forbids."""
    forbidding = await browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]
    other = await browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]
    async with (
        call_page(forbidding, server, "ann", monkeypatch, headers=NOTHING) as ann,
        call_page(other, server, "bob", monkeypatch) as bob,
    ):
        await bob.join()
        await ann.open()
        button = ann.sheet.get_by_role("button", name="Open the call in a browser tab")
        await expect(button).to_be_visible()
        await expect(ann.sheet.get_by_label("With camera")).to_have_count(0)
        await ann.page.screenshot(path=screenshots / "call-forbidden.png")
        async with forbidding.expect_page() as opening:
            await button.click()
        tab = await opening.value
        told: list[str] = []
        tab.on("console", lambda message: told.append(f"{message.type}: {message.text}"))
        await expect(ann.sheet.get_by_role("link")).to_be_visible()
        link = await ann.sheet.get_by_role("link").get_attribute("href")
        assert link is not None
        await expect(tab.get_by_label("With camera")).to_be_visible()
        assert tab.url == f"{server.url}/call", "the ticket is gone from the address"
        await tab.screenshot(path=screenshots / "call-page-lobby.png")
        await tab.get_by_label("With camera").check()
        await tab.get_by_role("button", name="Join the call").click()
        await expect(tab.locator(".tile")).to_have_count(2)
        await sees(tab)
        await bob.hears_and_sees(1)
        await tab.screenshot(path=screenshots / "call-page.png")
        await tab.emulate_media(color_scheme="dark")
        await tab.set_viewport_size({"width": 360, "height": 640})
        await tab.screenshot(path=screenshots / "call-page-dark-narrow.png")

        again = await forbidding.new_page()
        await again.goto(link)
        await expect(again.get_by_text("This link was used already")).to_be_visible()
        await again.screenshot(path=screenshots / "call-page-used.png")
        await again.close()
        assert [line for line in told if "Content Security Policy" in line] == []


@pytest.mark.calls
async def test_the_tab_is_back_after_a_reload_and_closed_with_the_call(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loaded again it takes its seat again, as a listener; left, it closes."""
    forbidding = await browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]
    other = await browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]
    async with (
        call_page(forbidding, server, "ann", monkeypatch, headers=NOTHING) as ann,
        call_page(other, server, "bob", monkeypatch) as bob,
    ):
        await bob.join()
        await ann.open()
        async with forbidding.expect_page() as opening:
            await ann.sheet.get_by_role("button", name="Open the call in a browser tab").click()
        tab = await opening.value
        await tab.get_by_role("button", name="Join the call").click()
        await expect(tab.locator(".tile")).to_have_count(2)
        await tab.reload()
        await expect(tab.locator(".tile")).to_have_count(2)
        await sees(tab)
        async with tab.expect_event("close"):
            await tab.get_by_role("button", name="Leave").click()
        await expect(bob.tiles).to_have_count(1)


async def test_a_page_without_a_ticket_says_what_to_do(browser: Browser, server: ChatServer) -> None:
    """Nobody gets further by its address alone."""
    page = await browser.new_page()
    await page.goto(f"{server.url}/call")
    await expect(page.get_by_text("open the call from the chat")).to_be_visible()
