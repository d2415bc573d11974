"""Another microphone, camera and speaker in mid-call, in a real Chromium with two fake devices of each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.e2e.calls.test_calls import people, server
from tests.support.browser.call_page import MEDIA_FLAGS, CallPage
from tests.support.browser.chromium import FLAGS
from tests.support.chat.server import ChatServer
from tests.support.waiting import eventually

__all__ = ["server"]  # the fixture

SENT = """() => connections.at(-1).getSenders()
  .map(({ track }) => (track?.readyState === "live" ? track.label : null))"""
UNPLUG = """() => {
  const devices = navigator.mediaDevices, list = devices.enumerateDevices.bind(devices);
  const sender = connections.at(-1).getSenders().find(({ track }) => track?.kind === "audio");
  const { track } = sender, { label } = track;
  devices.enumerateDevices = async () => (await list()).filter((each) => each.label !== label);
  devices.dispatchEvent(new Event("devicechange"));
  track.stop();
  track.dispatchEvent(new Event("ended"));
  return label;
}"""
"""A fake device cannot be pulled out: what the browser then says is said in its place."""


@pytest.fixture
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    """A fresh Chromium with three fake cameras, of which the second one measures depths."""
    fake, more = "--use-fake-device-for-media-stream", "--use-fake-device-for-media-stream=device-count=3"
    flags = [*FLAGS, *(more if flag == fake else flag for flag in MEDIA_FLAGS)]
    async with async_playwright() as playwright:
        instance = await playwright.chromium.launch(executable_path=chromium_path, args=flags)
        try:
            yield instance
        finally:
            await instance.close()


async def choose(person: CallPage, opener: str, group: str, at: int) -> str:
    """Take a device by keys; return its name."""
    menu = person.sheet.get_by_role("menu", name=opener)
    await person.sheet.get_by_role("button", name=opener).press("Enter")
    item = menu.get_by_role("group", name=group).get_by_role("menuitemradio").nth(at)
    await item.press("Enter")
    await expect(item).to_have_attribute("aria-checked", "true")
    name = await item.inner_text()
    await item.press("Escape")
    await expect(menu).to_have_count(0)
    await expect(person.sheet.get_by_role("button", name=opener)).to_be_focused()
    return name.strip()


async def test_other_devices_in_mid_call(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch, screenshots: Path
) -> None:
    """Nothing is agreed on anew; the others get the new ones; an unplugged one is replaced."""
    async with people(browser, server, monkeypatch, "ann", "bob") as (ann, bob):
        await ann.join()
        await bob.join()
        for person in (ann, bob):
            await person.hears_and_sees(1)
        said: list[Any] = []

        def hears(signal: dict[str, Any]) -> bool:
            said.append(signal)
            return False

        ann.comm.loses = hears
        bob.comm.loses = hears

        camera = await choose(ann, "Choose camera", "Camera", 3)
        microphone = await choose(ann, "Choose microphone and speaker", "Microphone", 2)

        async def sent() -> bool:
            labels: list[str | None] = await ann.page.evaluate(SENT)
            return labels[:2] == [microphone, camera]

        await eventually(sent, what="the new devices are sent")
        await bob.sees_more(10)
        await bob.hears_more()
        assert [signal for signal in said if "description" in signal] == [], "nothing is agreed on anew"

        speaker = await choose(ann, "Choose microphone and speaker", "Speaker", 2)
        assert speaker
        await ann.hears_more()
        await ann.sheet.get_by_role("button", name="Choose microphone and speaker").click()
        await expect(ann.sheet.get_by_role("meter")).to_be_visible()
        await ann.page.screenshot(path=screenshots / "call-devices.png")
        await ann.page.keyboard.press("Escape")

        gone = await ann.page.evaluate(UNPLUG)
        assert gone == microphone
        await expect(ann.sheet.get_by_role("status").filter(has_text=gone)).to_contain_text(
            "your microphone is now"
        )
        await bob.hears_more()
        await expect(bob.tiles.filter(has_text="Ann").locator(".muted-sign")).to_have_count(0)


async def test_the_chosen_devices_are_those_of_the_next_call(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is loaded again, and all that is known is what this browser keeps."""
    async with people(browser, server, monkeypatch, "ann", "bob") as (ann, bob):
        await bob.join()
        await ann.join()
        await ann.hears_and_sees(1)
        camera = await choose(ann, "Choose camera", "Camera", 3)
        microphone = await choose(ann, "Choose microphone and speaker", "Microphone", 2)
        await ann.page.reload()
        await expect(ann.button).to_have_class("icon call-button in")  # back, with nothing of ann's taken
        await ann.open()
        await ann.press("Unmute")
        await ann.press("Camera on")

        labels: list[str | None] = []

        async def sent() -> bool:
            labels[:] = await ann.page.evaluate(SENT)
            return labels[:2] == [microphone, camera]

        await eventually(sent, what="the devices of the call before are sent")
        await expect(ann.tiles).to_have_count(2)  # a third, as ann was before, would have ann join muted
        await ann.press("Leave")
        for label in ("With camera", "With microphone"):
            await ann.sheet.get_by_label(label).set_checked(True)
        await ann.sheet.locator("button.join").click()
        await eventually(sent, what="the same devices are sent in the next call")
