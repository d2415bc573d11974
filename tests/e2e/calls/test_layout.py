"""A call in a small cell: nothing lies over a face, a name or the screen, and everything can be reached."""

from __future__ import annotations

import contextlib
import uuid
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, expect

from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.types import CallMedia
from tests.e2e.calls.test_calls import browser, people, server
from tests.support.browser.call_page import CallPage
from tests.support.chat.server import ChatServer
from tests.support.waiting import eventually

__all__ = ["browser", "server"]  # the fixtures

WIDTHS: Final = (280, 340, 420, 760)
HEIGHTS: Final = (120, 200, 300, 480)
LISTENS: Final = CallMedia(audio=False, video=False)

FAULTS: Final = """(sheet) => {
  const all = (selector) => [...sheet.querySelectorAll(selector)].filter((each) => each.checkVisibility());
  const boxOf = (element) => element.getBoundingClientRect();
  const meet = (one, other) => one.left < other.right - 1 && other.left < one.right - 1
    && one.top < other.bottom - 1 && other.top < one.bottom - 1;
  const within = (one, other) => one.left >= other.left - 1 && one.right <= other.right + 1
    && one.top >= other.top - 1 && one.bottom <= other.bottom + 1;
  const cut = (element) => {  // what is seen of it: the rest goes on below, and is scrolled to
    const [own, box] = [boxOf(element), boxOf(element.closest(".tiles") ?? element)];
    return { left: Math.max(own.left, box.left), right: Math.min(own.right, box.right),
      top: Math.max(own.top, box.top), bottom: Math.min(own.bottom, box.bottom) };
  };
  const faults = [], whole = boxOf(sheet), controls = all(".controls button");
  const pictures = [...all(".tile"), ...all(".screen-frame")];
  const fault = (words, element) => faults.push(`${words}: ${element.className} ${element.textContent}`);
  for (const control of controls) {
    if (!within(boxOf(control), whole)) fault("out of sight", control);
    for (const each of [...pictures, ...all(".call-note"), ...all(".screen-tools button")])
      if (meet(boxOf(control), cut(each))) fault("under a control", each);
  }
  for (const [at, one] of pictures.entries()) {
    if (!within(cut(one), whole)) fault("out of the sheet", one);
    if (boxOf(one).width < 60 || boxOf(one).height < 36) fault("too small", one);
    for (const other of pictures.slice(at + 1)) if (meet(cut(one), cut(other))) fault("under another", one);
  }
  for (const tile of all(".tile")) {
    const [avatar, name] = [tile.querySelector(".avatar"), tile.querySelector("figcaption")];
    const isFace = !tile.querySelector("video") && boxOf(avatar).width > 0;
    if (isFace && meet(boxOf(avatar), boxOf(name))) fault("initials under a name", tile);
    const trouble = tile.querySelector(".tile-trouble");
    if (trouble && meet(boxOf(trouble), boxOf(name))) fault("a name under a trouble", tile);
    if (trouble && isFace && meet(boxOf(trouble), boxOf(avatar))) fault("initials under a trouble", tile);
    if (!within(boxOf(name), boxOf(tile))) fault("a name out of its picture", tile);
  }
  if (sheet.querySelector(".sheet-body").scrollHeight > sheet.querySelector(".sheet-body").clientHeight + 1)
    faults.push("the sheet is scrolled");
  return faults;
}"""


async def is_laid_out(person: CallPage, folder: Path, name: str) -> None:
    """Look at every size; a picture of two of them, light and dark."""
    page = person.page
    for width in WIDTHS:
        for height in HEIGHTS:
            await page.set_viewport_size({"width": width, "height": height})

            async def faults() -> list[Any]:
                found: list[Any] = await person.sheet.evaluate(FAULTS)
                return found

            async def is_fine() -> bool:
                return not await faults()

            with contextlib.suppress(TimeoutError, AssertionError):  # the list says more
                await eventually(is_fine, within=5, what="a layout without faults")
            if told := await faults():
                await page.screenshot(path=folder / "call-layout-fault.png")
                pytest.fail(f"{name} at {width} x {height}: {told}")
            if (width, height) in ((280, 200), (280, 300), (420, 300), (280, 120), (760, 300)):
                await page.emulate_media(color_scheme="dark" if width == 420 else "light")
                await page.screenshot(path=folder / f"call-{name}-{width}x{height}.png")
                await page.emulate_media(color_scheme="light")


async def test_nothing_lies_over_anybody_in_a_small_cell(
    browser: Browser, server: ChatServer, monkeypatch: pytest.MonkeyPatch, screenshots: Path
) -> None:
    """One, two, three and six people, and the screen of one of them with a pointer."""
    async with contextlib.AsyncExitStack() as stack:
        ann, bob = await stack.enter_async_context(people(browser, server, monkeypatch, "ann", "bob"))
        await ann.page.add_style_tag(content=":root { color-scheme: light dark }")
        await ann.join(microphone=False)
        await is_laid_out(ann, screenshots, "one")
        await bob.join(camera=False)
        await expect(ann.tiles).to_have_count(2)
        await is_laid_out(ann, screenshots, "two")

        for count, names in ((3, ["cem"]), (6, ["dilnoza-with-a-long-name", "eve", "fay"])):
            for name in names:
                member = await stack.enter_async_context(server.person(name))
                await member.join("team")
                await ChatHubClient(member.connection).join_call("team", str(uuid.uuid4()), LISTENS)
            await expect(ann.tiles).to_have_count(count)
            await is_laid_out(ann, screenshots, f"of-{count}")

        await bob.press("Share this notebook")
        await expect(ann.sheet.get_by_label("Screen of Bob")).to_be_visible()
        await ann.page.set_viewport_size({"width": 420, "height": 480})
        await bob.sheet.locator(".screen-frame").hover(position={"x": 90, "y": 60})
        await expect(ann.sheet.locator(".pointer")).to_have_text("Bob")
        await is_laid_out(ann, screenshots, "screen")
        await bob.press("Stop sharing")

        await ann.page.set_viewport_size({"width": 280, "height": 300})
        await ann.sheet.get_by_role("button", name="More", exact=True).click()
        await ann.page.screenshot(path=screenshots / "call-more.png")
        await ann.page.keyboard.press("ArrowDown")
        await ann.sheet.get_by_role("menuitem", name="Speaker view").click()
        await expect(ann.sheet.locator(".tile.large")).to_be_visible()
        await is_laid_out(ann, screenshots, "speaker")
