"""The chat's commands as a person gives them: from the palette, the launcher, the keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.support.browser.lab_scripts import REMEMBER, RESTORED, THEME, choose_command
from tests.support.browser.notebook_page import ChatPart, NotebookPage, write_notebook
from tests.support.chat.local_member import local_member
from tests.support.chat.server import Person
from tests.support.jupyter.lab import JupyterLab, Notebook7
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("extensions")

WATCH_NOTIFICATIONS: Final = """(() => {
  const Real = window.Notification;
  window.told = [];
  window.asked = 0;
  window.Notification = class extends Real {
    constructor(title, options) {
      super(title, options);
      window.told.push(this);
    }
    static requestPermission() {
      window.asked += 1;
      return Real.requestPermission();
    }
  };
})();"""
"""Keeps what is shown on the desktop, where no test can look."""
HIDE: Final = """hidden => {
  Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def notice(page: Page) -> Locator:
    """What the corner of the page says."""
    return page.locator(".Toastify__toast, .jp-Notification-Toast").last


@pytest.mark.usefixtures("coder")
async def test_the_launcher_has_a_card_that_opens_the_chat(
    lab: JupyterLab, context: BrowserContext, screenshots: Path
) -> None:
    """One click, with no notebook open; code for a notebook is refused in words."""
    page = await context.new_page()
    await page.goto(lab.url("", workspace="launcher").replace("/tree/", ""))
    await page.wait_for_function(RESTORED, timeout=60_000)
    card = page.locator(".jp-LauncherCard", has_text="Chat")
    await expect(card).to_have_count(1)
    await expect(card.locator("svg")).to_have_count(1)
    await page.screenshot(path=screenshots / "lab-launcher.png")
    await card.click()
    chat = ChatPart(page.locator("#conduit-chat section.chat"))
    await chat.wait_live()
    await page.evaluate(THEME, "JupyterLab Dark")
    await page.screenshot(path=screenshots / "lab-launcher-dark.png")
    await choose_command(page, "Insert Code Below")
    await expect(notice(page)).to_contain_text("No notebook is in sight.")


@pytest.mark.usefixtures("coder")
@pytest.mark.parametrize("server_kind", [JupyterLab, Notebook7])
async def test_somebody_who_asked_for_it_is_told_of_mentions_while_the_page_is_hidden(
    lab: JupyterLab, context: BrowserContext, data_dir: Path, screenshots: Path
) -> None:
    """Nobody is asked before; refused in words; then the title counts and the desktop tells."""
    kind = lab.module
    write_notebook(lab.root / "mention.ipynb", "1 + 1")
    await context.add_init_script(WATCH_NOTIFICATIONS)
    notebook = await NotebookPage.open(context, lab, "mention.ipynb")
    page = notebook.page
    chat = ChatPart(page.locator("#conduit-chat section.chat"))
    await page.evaluate(REMEMBER, "main")
    await page.keyboard.press("Alt+Shift+C")
    await chat.wait_live()
    title = await page.title()
    assert await page.evaluate("window.asked") == 0

    bo = local_member(data_dir, "Bo")
    async with bo.connection:
        await bo.join("main")
        me = await identity(page)
        await page.evaluate(HIDE, True)
        await mention(bo, me, "first")
        await expect(page).to_have_title(f"(1) {title}")
        assert await page.evaluate("window.told.length") == 0

        await page.evaluate(HIDE, False)
        await expect(page).to_have_title(title)
        await choose_command(page, "Notify Me of Mentions")
        await expect(notice(page)).to_contain_text("The browser does not allow notifications")
        assert await page.evaluate("window.asked") == 1
        await page.screenshot(path=screenshots / f"lab-notify-refused-{kind}.png")
        await context.grant_permissions(["notifications"])
        await choose_command(page, "Notify Me of Mentions")
        await eventually(lambda: page.evaluate("window.asked === 2"), what="the permission is asked for")

        async def is_told() -> bool:
            await page.evaluate(HIDE, True)
            await mention(bo, me, "look")
            return bool(await page.evaluate("window.told.length"))

        await eventually(is_told, what="the desktop tells")
        assert await page.evaluate("[window.told[0].title, window.told[0].body]") == ["Bo", "@me look"]
        await page.evaluate("window.told[0].onclick()")
        await page.evaluate(HIDE, False)
        await expect(page).to_have_title(title)
    await page.screenshot(path=screenshots / f"lab-notify-{kind}.png")


async def mention(bo: Person, user_id: str, text: str) -> None:
    """Say something to somebody."""
    await bo.send(f"@me {text}", conversation_id="main", respond=False, mentions=[user_id])


async def identity(page: Page) -> str:
    """The user id that one has on this page."""
    found: str = await page.evaluate("async () => (await (await fetch('/conduit/api/me')).json()).userId")
    return found
