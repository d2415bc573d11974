"""The chat and the notebook's cells: questions about them, code into them; JupyterLab and Notebook 7."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.support.browser.acting import CODE, button
from tests.support.browser.lab_scripts import SELECT, SOURCES, THEME
from tests.support.browser.notebook_page import ChatPart, NotebookPage, write_notebook
from tests.support.jupyter.lab import JupyterLab, Notebook7

pytestmark = pytest.mark.usefixtures("extensions")

COMMAND: Final = "([id, args]) => void window.jupyterapp.commands.execute(id, args)"


@pytest.fixture(params=[JupyterLab, Notebook7])
def server_kind(request: pytest.FixtureRequest) -> type[JupyterLab]:
    """Both."""
    kind: type[JupyterLab] = request.param
    return kind


async def run(page: Page, name: str) -> None:
    """Run one of the chat's commands, as the palette does."""
    await page.evaluate(COMMAND, [f"conduit-chat:{name}", {}])


def cell_output(page: Page, index: int) -> Locator:
    """The outputs of a cell."""
    return page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".jp-OutputArea-output")


@pytest.mark.usefixtures("coder")
async def test_an_error_is_explained_and_code_goes_into_cells(
    lab: JupyterLab, context: BrowserContext, screenshots: Path
) -> None:
    """Explain, insert, run, replace with the difference first; then the same buttons in a chat in a cell."""
    kind = lab.module
    write_notebook(lab.root / "cells.ipynb", "one = 1\none / 0", "from conduit_widget import Chat\nChat()")
    notebook = await NotebookPage.open(context, lab, "cells.ipynb")
    page = notebook.page
    await notebook.run_cell(0)
    await run(page, "explain")
    chat = ChatPart(page.locator("#conduit-chat section.chat"))
    await chat.wait_live()
    await expect(chat.composer).to_have_value(
        # Seen before it is sent.
        re.compile(r"In \[1\], cells\.ipynb[\s\S]*one / 0[\s\S]*ZeroDivisionError")
    )
    await page.keyboard.press("Enter")
    answer = await chat.wait_answer()
    await page.evaluate(SELECT, 0)
    await button(answer, "Insert below").click()
    sources = await page.evaluate(SOURCES)
    assert sources[1] == CODE
    await button(answer, "Insert below and run").click()
    await expect(cell_output(page, 2)).to_have_text("from the chat\n")
    await page.screenshot(path=screenshots / f"lab-cells-{kind}.png")

    await page.evaluate(SELECT, 0)
    await button(answer, "Replace the cell").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator("del")).to_have_text(["- one = 1", "- one / 0"])
    await expect(dialog.locator("ins")).to_have_text([f"+ {CODE}"])
    await page.screenshot(path=screenshots / f"lab-replace-{kind}.png")
    await button(dialog, "Keep the cell").click()
    assert (await page.evaluate(SOURCES))[0] == "one = 1\none / 0"
    await run(page, "replace")
    await button(dialog, "Replace").click()
    await expect(dialog).to_have_count(0)
    assert (await page.evaluate(SOURCES))[0] == CODE

    await notebook.run_cell(3)
    inside = notebook.chat_in_cell(3)
    await inside.wait_live()
    await button(inside.answers.first, "Insert below").click()
    assert (await page.evaluate(SOURCES))[4] == CODE
    await page.evaluate(THEME, "JupyterLab Dark")
    await page.screenshot(path=screenshots / f"lab-cells-dark-{kind}.png")
    if kind == "notebook":
        await notebook.save()
        await notebook.reload()
        await expect(chat.answers.first).to_be_visible(timeout=60_000)
