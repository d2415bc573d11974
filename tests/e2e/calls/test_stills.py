"""A still of a shared screen, taken into the chat as an image, in a real Chromium with fake devices."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, expect

from tests.e2e.calls.test_calls import browser, people, server
from tests.support.chat.server import ChatServer

__all__ = ["browser", "server"]  # the fixtures


async def test_a_still_of_a_shared_screen_is_sent_as_an_image(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, screenshots: Path
) -> None:
    """In the screen's own size, whatever of it one looks at; nothing is sent before one sends it."""
    async with people(browser, server, monkeypatch, "ann", "bob") as (ann, bob):
        await ann.join(camera=False)
        await bob.join(camera=False)
        await bob.press("Share this notebook")
        screen = ann.sheet.get_by_label("Screen of Bob")
        await expect(screen).to_be_visible()
        await ann.sees_more()
        await ann.press("Zoom in")
        await ann.press("Take a still into the chat")
        await expect(ann.sheet.get_by_role("status")).to_have_text("The still is in the next message.")
        size = await screen.evaluate("(video) => [video.videoWidth, video.videoHeight]")
        await ann.page.screenshot(path=screenshots / "call-still.png")
        upload = ann.root.locator(".upload")
        await expect(upload).to_contain_text("screen-")
        await expect(upload).to_contain_text(".png")
        assert all(not message.files for message in bob.chat.messages)

        await ann.root.get_by_role("textbox", name="Message").fill("Look at this")
        await ann.root.get_by_role("button", name="Send", exact=True).click()
        await expect(bob.root.locator("article img").first).to_be_visible()
        await bob.page.screenshot(path=screenshots / "call-still-sent.png")
        (file,) = next(message.files for message in bob.chat.messages if message.files)
        assert file.media_type == "image/png"
        path = await asyncio.to_thread(file.save, tmp_path / "still.png")
        with Image.open(path) as image:
            assert list(image.size) == size
            colours = image.convert("RGB").getcolors(1 << 24)
        assert colours is not None
        assert len(colours) > 10, "it shows something"
