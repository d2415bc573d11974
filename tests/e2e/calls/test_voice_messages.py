"""Voice messages in a real Chromium with a fake microphone, through a real kernel part and hub."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.e2e.calls.test_calls import browser, people, server
from tests.support.browser.call_page import CallPage
from tests.support.chat.server import ChatServer

__all__ = ["browser", "server"]  # the fixtures
LIVE = "() => (globalThis.opened ?? []).filter((track) => track.readyState === 'live').length"
WATCH = """() => {
  const devices = navigator.mediaDevices, open = devices.getUserMedia.bind(devices);
  globalThis.opened = [];
  devices.getUserMedia = async (wanted) => {
    const stream = await open(wanted);
    globalThis.opened.push(...stream.getTracks());
    return stream;
  };
}"""


async def microphone(person: CallPage) -> Locator:
    """Return the button, in a chat whose field was entered; count from now on what is opened."""
    await person.root.get_by_role("textbox").click()
    await person.page.evaluate(WATCH)
    button = person.root.get_by_role("button", name="Record a voice message")
    await expect(button).to_be_visible()
    return button


async def test_it_is_held_sent_and_played_in_its_place(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch, screenshots: Path
) -> None:
    """The microphone is open while the button is held and no longer; the other one hears it."""
    async with people(browser, server, monkeypatch, "ann", "bob") as (ann, bob):
        button = await microphone(ann)
        assert await ann.page.evaluate("() => opened.length") == 0, "nothing is opened before"
        await button.hover()
        await ann.page.mouse.down()
        panel = ann.root.locator(".voice[data-state=held]")
        await expect(panel.get_by_role("img", name="Your microphone is on")).to_be_visible()
        await expect(panel.locator(".time")).to_have_text("0:02")
        await ann.page.screenshot(path=screenshots / "voice-recording.png")
        assert await ann.page.evaluate(LIVE) == 1
        await ann.page.mouse.up()
        await expect(panel).to_have_count(0)
        assert await ann.page.evaluate(LIVE) == 0
        card = bob.root.locator(".file")
        await expect(card.locator(".name")).to_contain_text("voice-")
        await card.get_by_role("button", name="Play").click()
        player = card.locator(".player")
        await expect(player.locator("audio")).to_have_js_property("paused", False)
        await player.locator("rect.played").first.wait_for(state="attached")
        await bob.page.screenshot(path=screenshots / "voice-player.png")
        heights = await player.locator("rect").evaluate_all("(all) => all.map((r) => r.height.baseVal.value)")
        assert max(heights) > 3 * min(heights), "the beeps are seen"
        await expect(player.locator("audio")).to_have_js_property("paused", True)  # it ends
        message = next(each for each in bob.chat.messages if each.files)
        assert message.files[0].media_type == "audio/webm"


async def test_by_keyboard_and_escape_forgets_it(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held with the space bar it is recorded; Escape closes the microphone, and nothing is sent."""
    async with people(browser, server, monkeypatch, "ann") as (ann,):
        button = await microphone(ann)
        await button.focus()
        await ann.page.keyboard.down(" ")
        panel = ann.root.locator(".voice[data-state=held]")
        await expect(panel.locator(".time")).to_have_text("0:01")
        await ann.page.keyboard.press("Escape")
        await expect(ann.root.locator(".voice")).to_have_count(0)
        assert await ann.page.evaluate(LIVE) == 0
        await ann.page.keyboard.up(" ")
        assert await ann.root.locator(".upload, .file").count() == 0

        await button.press(" ")  # a short press: it goes on until the next one
        panel = ann.root.locator(".voice[data-state=open]")
        await expect(panel.locator(".time")).to_have_text("0:01")
        await button.press("Enter")
        await expect(ann.root.locator(".file .name")).to_contain_text("voice-")
        assert await ann.page.evaluate(LIVE) == 0


async def test_it_goes_with_what_is_being_written(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A draft is not sent by letting a button go."""
    async with people(browser, server, monkeypatch, "ann") as (ann,):
        button = await microphone(ann)
        await ann.root.get_by_role("textbox").fill("Listen:")
        await button.press("Enter")
        await expect(ann.root.locator(".voice[data-state=open] .time")).to_have_text("0:01")
        await button.press("Enter")
        await expect(ann.root.locator(".upload[data-state=done]")).to_have_count(1)
        assert await ann.root.locator(".file").count() == 0
        await ann.root.get_by_role("button", name="Send").click()
        await expect(ann.root.locator(".file .name")).to_contain_text("voice-")


async def test_what_is_refused_is_said(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch, screenshots: Path
) -> None:
    """In words, and a press later it is asked again."""
    async with people(browser, server, monkeypatch, "ann") as (ann,):
        button = await microphone(ann)
        await ann.page.evaluate(
            """() => { navigator.mediaDevices.getUserMedia = async () => {
              throw new DOMException("no", "NotAllowedError");
            }; }"""
        )
        await button.press("Enter")
        await expect(ann.root.locator(".voice-note")).to_contain_text("Allow it at the address bar")
        await ann.page.set_viewport_size({"width": 360, "height": 640})
        await ann.page.emulate_media(color_scheme="dark")
        await ann.page.screenshot(path=screenshots / "voice-denied.png")
