"""The chat's commands for the notebook, chosen in the palette: the composer gets text and focus."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.support.browser.acting import CODE, button
from tests.support.browser.lab_scripts import SELECT, SOURCES, choose_command
from tests.support.browser.notebook_page import ChatPart, NotebookPage, write_notebook
from tests.support.jupyter.lab import JupyterLab, Notebook7

pytestmark = pytest.mark.usefixtures("extensions", "coder")

FAILING = "one = 1\none / 0"
SHORTCUT = "Alt+Shift+C"


@pytest.fixture(params=[JupyterLab, Notebook7])
def server_kind(request: pytest.FixtureRequest) -> type[JupyterLab]:
    """Both."""
    kind: type[JupyterLab] = request.param
    return kind


async def test_the_commands_for_cells_work_from_the_palette(lab: JupyterLab, context: BrowserContext) -> None:
    """Ask about a cell and go on typing; insert below, replace with the difference first, explain."""
    write_notebook(lab.root / "palette.ipynb", FAILING)
    notebook = await NotebookPage.open(context, lab, "palette.ipynb")
    page = notebook.page
    chat = ChatPart(page.locator("#conduit-chat section.chat"))
    await page.evaluate(SELECT, 0)

    await choose_command(page, "Ask About the Selected Cell")
    await chat.wait_live()
    await expect(chat.composer).to_have_value(re.compile(r"palette\.ipynb[\s\S]*one / 0"))
    await _goes_on_typing(page, chat, " Why?")
    await page.keyboard.press("Enter")
    await chat.wait_answer()
    await expect(chat.messages.first).to_contain_text("Why?")

    await page.evaluate(SELECT, 0)
    await choose_command(page, "Insert Code Below")
    await expect(page.locator(".jp-Notebook .jp-Cell")).to_have_count(2)
    assert await page.evaluate(SOURCES) == [FAILING, CODE]
    await notebook.run_cell(0)
    await page.evaluate(SELECT, 0)
    await choose_command(page, "Explain the Last Error")
    await expect(chat.composer).to_have_value(re.compile(r"one / 0[\s\S]*ZeroDivisionError"))
    await _goes_on_typing(page, chat, " Thanks.")

    await page.evaluate(SELECT, 0)
    await choose_command(page, "Replace the Cell")
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator("del")).to_have_text(["- one = 1", "- one / 0"])
    assert await page.evaluate(SOURCES) == [FAILING, CODE]
    await button(dialog, "Replace").click()
    await expect(dialog).to_have_count(0)
    assert await page.evaluate(SOURCES) == [CODE, CODE]


async def test_the_shortcut_leads_to_the_composer_and_leaves_it_alone_there(
    lab: JupyterLab, context: BrowserContext
) -> None:
    """From a cell; in the composer it changes nothing."""
    write_notebook(lab.root / "shortcut.ipynb", "1 + 1")
    notebook = await NotebookPage.open(context, lab, "shortcut.ipynb")
    page = notebook.page
    chat = ChatPart(page.locator("#conduit-chat section.chat"))
    await notebook.run_cell(0)
    await page.keyboard.press(SHORTCUT)
    await chat.wait_live()
    await _goes_on_typing(page, chat, "Half a sentence")
    await page.keyboard.press(SHORTCUT)
    await _goes_on_typing(page, chat, " and its end")
    await expect(chat.composer).to_have_value("Half a sentence and its end")


async def _goes_on_typing(page: Page, chat: ChatPart, words: str) -> None:
    await expect(chat.composer).to_be_focused()
    await page.keyboard.insert_text(words)
    await expect(chat.composer).to_have_value(re.compile(f"{re.escape(words)}$"))
