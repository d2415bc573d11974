"""The main job by keyboard alone in JupyterLab, whose shortcuts stay out of it; and the view's languages."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playwright.async_api import BrowserContext, Page, expect

from tests.support.browser.acting import House
from tests.support.browser.lab_scripts import THEME
from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.jupyter.lab import JupyterLab

CELLS: Final = (
    "from conduit_widget import Chat\nchat = Chat('keys')\nchat",
    "print('the last cell')",
    "chat.layout.width = '360px'",
    "german = Chat('keys', language='de')\ngerman",
    "print(len(chat.pinned), chat.pinned[0].text)",
)
COUNT_CELLS: Final = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
FOCUSED: Final = """() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element?.getAttribute('aria-label') ?? element?.textContent ?? '';
}"""


async def press(page: Page, *keys: str) -> None:
    """Press keys, one after the other."""
    for key in keys:
        await page.keyboard.press(key)


async def go_to(page: Page, name: str, key: str = "Tab") -> None:
    """Press a key until what has the focus has that name."""
    for _ in range(40):
        if await page.evaluate(FOCUSED) == name:
            return
        await page.keyboard.press(key)
    raise AssertionError(f"{key} never came to {name}, but to {await page.evaluate(FOCUSED)}")


async def test_ask_read_react_pin_and_find_without_a_mouse(
    lab: JupyterLab, house: House, context: BrowserContext, screenshots: Path
) -> None:
    """Letters that are shortcuts of JupyterLab (a, b, dd, x, Enter) do nothing to the notebook."""
    write_notebook(lab.root / "keys.ipynb", *CELLS)
    notebook = await NotebookPage.open(context, lab, "keys.ipynb")
    page = notebook.page
    await notebook.run_cell(0)
    await notebook.chat.wait_live()
    chat = notebook.chat_in_cell(0)
    cells = await page.evaluate(COUNT_CELLS)
    await chat.root.get_by_label("Message", exact=True).focus()
    await page.keyboard.type("add x, dd and a b?")
    await press(page, "Enter")
    answer = chat.root.locator("article.answer", has_text="It ends here.")
    await expect(answer).to_be_visible()

    await go_to(page, "Conversation", "Shift+Tab")
    await press(page, "Enter")
    await expect(answer).to_be_focused()
    await press(page, *"abxdd", "ArrowUp")
    await expect(chat.root.locator("article.own")).to_be_focused()
    await press(page, "ArrowDown", "Enter")
    await go_to(page, "Pin", "ArrowRight")
    await press(page, "Enter")
    await expect(answer.get_by_text("Pinned by you")).to_be_visible()
    await page.screenshot(path=screenshots / "pinned.png")
    await press(page, "Escape", "?")
    await expect(chat.root.get_by_role("dialog", name="Help")).to_be_visible()
    await press(page, "Escape")
    await expect(chat.root.get_by_role("dialog")).to_have_count(0)

    await go_to(page, "1 pinned message", "Shift+Tab")
    await press(page, "Enter")
    await expect(chat.root.get_by_role("dialog", name="Pinned messages")).to_be_visible()
    await page.screenshot(path=screenshots / "pinned-list.png")
    await page.evaluate(THEME, "JupyterLab Dark")
    await expect(page.locator("#jupyterlab-splash")).to_have_count(0)
    await page.screenshot(path=screenshots / "pinned-list-dark.png")
    await press(page, "Enter")
    await expect(answer).to_be_in_viewport()
    assert await page.evaluate(COUNT_CELLS) == cells
    await expect(page.get_by_text("the last cell", exact=True)).to_have_count(0)
    await notebook.run_cell(4)
    await expect(page.get_by_text("1 This is answer 1. It ends here.")).to_be_visible()
    await notebook.run_cell(2)
    await page.screenshot(path=screenshots / "pinned-narrow.png")
    await notebook.run_cell(3)
    german = notebook.chat_in_cell(3)
    await expect(german.root.get_by_role("button", name="Hilfe", exact=True)).to_be_visible()
    await expect(german.root.get_by_text("Von dir angeheftet")).to_be_visible()
    await page.screenshot(path=screenshots / "german.png")
