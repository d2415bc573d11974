"""The panel of JupyterLab: a chat without a cell or a kernel, from notebook to notebook and over a reload."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import BrowserContext, expect

from tests.support.browser.acting import HELD, House
from tests.support.browser.lab_scripts import OPEN, RESTORED, THEME
from tests.support.browser.notebook_page import KERNEL_IDLE, ChatPart, NotebookPage, write_notebook
from tests.support.jupyter.lab import JupyterLab

pytestmark = pytest.mark.usefixtures("extensions")

SAVED: Final = """async () => {
  const response = await fetch('/lab/api/workspaces/panel');
  const saved = await response.text();
  return saved.includes('conduit-chat') && saved.includes('second.ipynb');
}"""


async def test_the_panel_stays_from_notebook_to_notebook_and_comes_back_after_a_reload(
    lab: JupyterLab, house: House, context: BrowserContext, screenshots: Path
) -> None:
    """Opened by the keyboard; another notebook and a reload in mid-answer; other conversations; no server."""
    for name in ("panel", "second"):
        write_notebook(lab.root / f"{name}.ipynb", "1 + 1")
    notebook = await NotebookPage.open(context, lab, "panel.ipynb")
    page = notebook.page
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    chat = ChatPart(page.locator("#conduit-chat section.chat"))
    status = page.locator("#conduit-chat-status")
    await page.keyboard.press("Alt+Shift+C")
    await chat.wait_live()
    await expect(chat.composer).to_be_focused()
    await chat.say(f"Please {HELD} it in the middle.")
    half = chat.root.locator("article.answer.open .body")
    await expect(half).to_have_text("This is answer 1.")
    await expect(status).to_contain_text("house")

    await chat.root.get_by_role("log").focus()
    await page.keyboard.press("Alt+Shift+C")
    await expect(chat.composer).to_be_focused()

    # The notebook's own, which needs no way to it.
    own = chat.root.get_by_role("button", name="Conversations: panel", exact=True)
    await expect(own).to_be_visible()
    way = page.locator("#conduit-chat").get_by_role("button", name="Go to the chat of")
    await expect(way).to_have_count(0)

    await page.evaluate(OPEN, "second.ipynb")
    await expect(way).to_have_text("Go to the chat of second.ipynb")
    await expect(page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")).to_have_count(1)
    await expect(half).to_be_visible()
    await page.wait_for_function(SAVED)
    await page.reload()
    await page.wait_for_function(RESTORED, timeout=60_000)
    await expect(half).to_have_text("This is answer 1.")
    await expect(way).to_be_visible(timeout=60_000)  # the notebook in front is "second" again
    await page.wait_for_function(
        KERNEL_IDLE, timeout=60_000
    )  # and it has taken the focus that JupyterLab gives it
    house.go_on.set()
    await expect((await chat.wait_answer()).locator(".body")).to_have_text("This is answer 1. It ends here.")
    await page.screenshot(path=screenshots / "lab-panel.png")

    await way.click()
    await expect(chat.root.get_by_role("button", name="Conversations: second", exact=True)).to_be_visible()
    await expect(way).to_have_count(0)
    await expect(chat.composer).to_be_focused()
    await page.evaluate(OPEN, "panel.ipynb")
    await expect(way).to_have_text("Go to the chat of panel.ipynb")
    await page.screenshot(path=screenshots / "lab-panel-own.png")
    await way.click()
    await own.click()
    await expect(
        chat.root.get_by_role("list", name="Conversations").get_by_text("panel", exact=True)
    ).to_be_visible()
    await page.screenshot(path=screenshots / "lab-panel-conversations.png")
    await chat.root.get_by_role("button", name="New conversation").click()
    await chat.root.get_by_label("Name of the new conversation").fill("Plans")
    await page.keyboard.press("Enter")
    plans = chat.root.get_by_role("button", name="Conversations: Plans")
    await expect(plans).to_be_visible()
    await page.reload()
    await page.wait_for_function(RESTORED, timeout=60_000)
    await expect(plans).to_be_visible(timeout=60_000)
    await page.evaluate(THEME, "JupyterLab Dark")
    await chat.say("What is the plan?")
    await chat.wait_answer()
    await page.screenshot(path=screenshots / "lab-panel-dark.png")

    lab.stop()
    await expect(chat.root.get_by_text("This page has lost the Jupyter server.")).to_be_visible()
    await page.screenshot(path=screenshots / "lab-panel-offline.png")
    assert problems == []
