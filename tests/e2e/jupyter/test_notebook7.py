"""The main job and the actions on messages in Jupyter Notebook 7, a whole way through."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import BrowserContext, Locator, expect

from tests.support.browser.acting import HELD, House, act, button
from tests.support.browser.lab_scripts import THEME
from tests.support.browser.notebook_page import ChatPart, NotebookPage, write_notebook
from tests.support.jupyter.lab import JupyterLab, Notebook7
from tests.support.waiting import eventually

SHOW: Final = "from conduit_widget import Chat\nchat = Chat('acts')\nchat"
NARROW: Final = "narrow = Chat('acts')\nnarrow.layout.width = '360px'\nnarrow"


@pytest.fixture
def server_kind() -> type[JupyterLab]:
    """The other one."""
    return Notebook7


async def test_a_question_is_answered_across_a_reload_and_every_action_works(
    lab: JupyterLab, house: House, context: BrowserContext, screenshots: Path
) -> None:
    """Ask, reload in mid-answer, react, regenerate, edit, pause, delete and undo; then the menu at 360 px."""
    write_notebook(lab.root / "acts.ipynb", SHOW, NARROW)
    notebook = await NotebookPage.open(context, lab, "acts.ipynb")
    await notebook.run_cell(0)
    chat = notebook.chat
    await chat.wait_live()
    await chat.say(f"Please {HELD} it in the middle.")
    await expect(chat.root.locator("article.answer.open .body")).to_have_text("This is answer 1.")
    await notebook.save()
    await notebook.reload()
    chat = notebook.chat
    await expect(chat.root.locator("article.answer.open .body")).to_have_text("This is answer 1.")
    house.go_on.set()
    answer = await chat.wait_answer()
    await expect(answer.locator(".body")).to_have_text("This is answer 1. It ends here.")

    await act(answer, "React")
    await button(answer, "React with 👍").click()
    await expect(answer.locator(".reaction")).to_have_text("👍1")
    await act(answer, "Regenerate")
    again = chat.answers.first
    await expect(again.locator(".body")).to_have_text("This is answer 2. It ends here.")
    await expect(again.locator(".branches")).to_contain_text("2/2")
    await button(again, "Previous branch").click()
    await expect(again.locator(".body")).to_have_text("This is answer 1. It ends here.")
    question = chat.messages.first
    await act(question, "Edit")
    field = question.get_by_role("textbox", name="Edit the message")
    await field.fill("What is the capital of France?")
    # Keys of the notebook's command mode ("a" makes a cell, "d d" deletes one) belong to the field.
    await field.press_sequentially(" add")
    await notebook.page.screenshot(path=screenshots / "notebook7-edit.png")
    await field.press("Enter")
    await expect(question).to_contain_text("What is the capital of France? add")
    await expect(chat.answers.first.locator(".body")).to_have_text("This is answer 3. It ends here.")
    await expect(notebook.page.locator(".jp-Notebook .jp-Cell")).to_have_count(2)
    await pause_and_resume(chat, house, 4)
    await delete_and_undo(chat.messages.last, chat)
    await notebook.page.screenshot(path=screenshots / "notebook7-acting.png")

    await notebook.run_cell(1)
    narrow = notebook.chat_in_cell(1)
    await narrow.wait_live()
    await narrow.root.scroll_into_view_if_needed()
    await in_the_menu(narrow, narrow.answers.last, screenshots / "notebook7-narrow.png")
    await notebook.page.evaluate(THEME, "JupyterLab Dark")
    await narrow.answers.last.hover()
    await notebook.page.screenshot(path=screenshots / "notebook7-narrow-dark.png")


async def pause_and_resume(chat: ChatPart, house: House, number: int) -> None:
    """What comes while the view is paused waits for Resume."""
    house.go_on.clear()
    await chat.say(f"Now {HELD} it.")
    body = chat.answers.last.locator(".body")
    await expect(body).to_have_text(f"This is answer {number}.")
    await button(chat.root, "Pause").click()
    house.go_on.set()
    await expect(chat.root.locator(".paused")).to_have_text("Paused: 3 words waiting.")
    await expect(body).to_have_text(f"This is answer {number}.")
    await button(chat.root, "Resume").click()
    await expect(body).to_have_text(f"This is answer {number}. It ends here.")


async def delete_and_undo(message: Locator, chat: ChatPart) -> None:
    """A deleted message comes back with Undo."""
    await act(message, "Delete")
    gone = chat.root.locator("article.gone")
    await button(gone, "Undo").click()
    await expect(gone).to_have_count(0)


async def in_the_menu(chat: ChatPart, message: Locator, picture: Path) -> None:
    """With two messages the menu of the last is in sight whole, and its items do what they say."""
    await message.hover()
    await button(message, "More").click()
    menu = message.get_by_role("menu")
    scroller = chat.root.get_by_role("log", name="Conversation")

    async def in_sight() -> bool:
        inner, outer = await menu.bounding_box(), await scroller.bounding_box()
        assert inner is not None
        assert outer is not None
        return (
            inner["y"] >= outer["y"]
            and inner["y"] + inner["height"] <= outer["y"] + outer["height"]
            and inner["x"] >= outer["x"]
            and inner["x"] + inner["width"] <= outer["x"] + outer["width"]
        )

    await eventually(in_sight, what="the whole menu in sight")
    await chat.root.page.screenshot(path=picture)
    await menu.get_by_role("menuitem", name="Delete", exact=True).click()
    gone = chat.root.locator("article.gone")
    await button(gone, "Undo").click()
    await expect(gone).to_have_count(0)
