"""Search, other conversations, export and details, as a person in JupyterLab uses them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import BrowserContext, expect

from tests.support.browser.lab_scripts import THEME
from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.jupyter.lab import JupyterLab

pytestmark = pytest.mark.usefixtures("only_configured")

FILL: Final = """\
from conduit_widget import Chat
chat = Chat("notes")
chat.send("Where is the needle?", respond=False).result(30)
for number in range(150):
    chat.send(f"Hay number {number}.", respond=False).result(30)
chat
"""
TELL: Final = "print('now in', chat.conversation_id, len(chat.messages))"


async def test_details_measure_the_way_to_the_hub(
    lab: JupyterLab, context: BrowserContext, screenshots: Path
) -> None:
    """Opened, they are drawn from real round trips."""
    write_notebook(lab.root / "details.ipynb", "from conduit_widget import Chat\nChat('details')")
    notebook = await NotebookPage.open(context, lab, "details.ipynb")
    await notebook.run_cell(0)
    chat = notebook.chat
    await chat.wait_live()
    await chat.root.get_by_role("button", name="Details", exact=True).click()
    await expect(chat.root.locator(".plots dd").first).to_contain_text(re.compile(r"[\d.]+ ms"))
    await expect(chat.root.locator(".plots svg[role=img]")).to_have_count(5)
    await notebook.page.screenshot(path=screenshots / "details.png")


async def test_search_switch_and_export(
    lab: JupyterLab, context: BrowserContext, screenshots: Path, tmp_path: Path
) -> None:
    """A hit far above is jumped to; a new conversation is begun and left again; a file is saved."""
    write_notebook(lab.root / "notes.ipynb", FILL, TELL)
    notebook = await NotebookPage.open(context, lab, "notes.ipynb")
    await notebook.run_cell(0)
    chat = notebook.chat
    await chat.wait_live()
    await expect(chat.root.get_by_text("Hay number 149.")).to_be_visible()
    needle = chat.root.locator("article", has_text="Where is the needle?")
    await expect(needle).to_have_count(0)

    await chat.root.get_by_role("button", name="Search", exact=True).click()
    await chat.root.get_by_label("Words to find").fill("needle")
    await notebook.page.keyboard.press("Enter")
    hit = chat.root.locator(".hit")
    await expect(hit).to_have_count(1)
    await expect(hit.locator("mark")).to_have_text("needle")
    await notebook.page.screenshot(path=screenshots / "search.png")
    await hit.click()
    await expect(needle).to_be_in_viewport()

    titles = chat.root.get_by_role("button", name="Conversations: notes")
    await titles.click()
    await chat.root.get_by_role("button", name="New conversation").click()
    await chat.root.get_by_label("Name of the new conversation").fill("Plans")
    await notebook.page.keyboard.press("Enter")
    plans = chat.root.get_by_role("button", name="Conversations: Plans")
    await expect(plans).to_be_visible()
    await chat.say("The first plan.")
    await expect(chat.root.locator("article", has_text="The first plan.")).to_be_visible()
    await expect(chat.root.get_by_text("Hay number 149.")).to_have_count(0)
    await plans.click()
    await expect(chat.root.get_by_role("list", name="Conversations").get_by_text("notes")).to_be_visible()
    await notebook.page.screenshot(path=screenshots / "conversations.png")
    await notebook.page.evaluate(THEME, "JupyterLab Dark")
    await notebook.page.screenshot(path=screenshots / "conversations-dark.png")
    await chat.root.get_by_role("list", name="Conversations").get_by_text("notes").click()
    await expect(titles).to_be_visible()
    await expect(chat.root.locator("article", has_text="Hay number 149.")).to_be_visible()
    await notebook.run_cell(1)
    await expect(notebook.page.get_by_text("now in notes")).to_be_visible()

    saved = tmp_path / "notes.md"
    await titles.click()
    await chat.root.get_by_role("button", name="Export, import…").click()
    async with notebook.page.expect_download() as saving:
        await chat.root.get_by_role("button", name="Markdown").click()
    await (await saving.value).save_as(saved)
    text = saved.read_text(encoding="utf-8")
    assert "Where is the needle?" in text
    assert "Hay number 149." in text
    assert "The first plan." not in text


async def test_a_file_of_another_program_is_brought_in(
    lab: JupyterLab, context: BrowserContext, screenshots: Path, tmp_path: Path
) -> None:
    """Chosen in the sheet, its conversations are listed and open; one that cannot be read says why."""
    question = {
        "author": {"role": "user"},
        "content": {"content_type": "text", "parts": ["What is a Köchel number?"]},
    }
    answer = {
        "author": {"role": "assistant"},
        "content": {"content_type": "text", "parts": ["A number of **Mozart's** works."]},
    }
    mapping = {
        "q": {"message": {**question, "create_time": 1.6e9}, "parent": None},
        "a": {"message": {**answer, "create_time": 1.6e9 + 9}, "parent": "q"},
    }
    file = tmp_path / "conversations.json"
    file.write_text(
        json.dumps([{"title": "Mozart", "mapping": mapping}, {"title": "Nothing", "mapping": {}}])
    )
    show = "from conduit_widget import Chat\nchat = Chat('import')\nchat"
    write_notebook(lab.root / "import.ipynb", show, "chat.layout.width = '360px'")
    notebook = await NotebookPage.open(context, lab, "import.ipynb")
    await notebook.run_cell(0)
    chat = notebook.chat
    await chat.wait_live()
    await chat.root.get_by_role("button", name="Conversations: import").click()
    await chat.root.get_by_role("button", name="Export, import…").click()
    async with notebook.page.expect_file_chooser() as chosen:
        await chat.root.get_by_role("button", name="Choose a file…").click()
    await (await chosen.value).set_files(file)
    await expect(chat.root.get_by_text("1 conversation imported")).to_be_visible()
    await expect(chat.root.get_by_text("not imported: has no text")).to_be_visible()
    await notebook.page.screenshot(path=screenshots / "import.png")
    await notebook.page.evaluate(THEME, "JupyterLab Dark")
    await expect(notebook.page.locator("#jupyterlab-splash")).to_have_count(0)
    await notebook.run_cell(1)
    await notebook.page.screenshot(path=screenshots / "import-narrow-dark.png")
    await chat.root.get_by_role("button", name="Mozart").click()
    await expect(chat.root.get_by_role("button", name="Conversations: Mozart")).to_be_visible()
    await expect(chat.root.get_by_text("Imported from ChatGPT")).to_have_count(2)
    await expect(chat.root.locator("article strong")).to_have_text("Mozart's")
    await notebook.page.screenshot(path=screenshots / "imported.png")
