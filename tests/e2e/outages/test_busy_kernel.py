"""A kernel that takes no message while a cell runs: what people do reaches the hub past it, once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import BrowserContext, Locator, expect

from conduit_widget.contract import ChatEvent
from tests.support.browser.acting import HELD, House, act
from tests.support.browser.lab_scripts import THEME
from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.chat.local_member import local_member
from tests.support.chat.server import Person
from tests.support.jupyter.extensions import built_extensions
from tests.support.jupyter.lab import JupyterLab
from tests.support.waiting import eventually

SHOW: Final = "from conduit_widget import Chat\nchat = Chat('busy')\nchat"
BLOCK: Final = """import time
from pathlib import Path
Path('began').touch()
while not Path('end').exists():
    time.sleep(0.1)"""
PAST: Final = re.compile("straight to the hub")
THROUGH: Final = re.compile("through the kernel")


@pytest.fixture
def provider_environment(tmp_path: Path) -> dict[str, str]:
    """JupyterLab sends comm messages on the shell that runs cells, as to kernels without subshells."""
    environment = built_extensions(tmp_path / "extensions")
    kernels = Path(environment["JUPYTERLAB_SETTINGS_DIR"]) / "@jupyterlab" / "apputils-extension"
    (kernels / "kernels-settings.jupyterlab-settings").write_text('{"commsOverSubshells": "disabled"}')
    return {"CONDUIT_DETECT": "0", **environment}


@pytest.fixture
def observer(data_dir: Path) -> Person:
    """Another member."""
    return local_member(data_dir, "Observer")


async def test_stop_typing_send_and_edit_reach_the_hub_past_a_blocked_kernel_once(
    lab: JupyterLab, house: House, observer: Person, context: BrowserContext, screenshots: Path
) -> None:
    """A cell blocks; an answer is stopped, a message is typed, sent and edited; then the cell ends."""
    write_notebook(lab.root / "busy.ipynb", SHOW, BLOCK)
    notebook = await NotebookPage.open(context, lab, "busy.ipynb")
    await notebook.run_cell(0)
    chat = notebook.chat_in_cell(0)
    await chat.wait_live()
    async with observer.connection:
        await observer.join("busy")
        await chat.say(f"Please {HELD} it in the middle.")
        await expect(chat.root.locator("article.answer.open .body")).to_have_text("This is answer 1.")
        await expect(chat.badge).to_have_attribute("title", THROUGH)

        await notebook.run_cell(1, wait=False)
        await eventually((lab.root / "began").exists, what="the cell runs")
        await chat.stop_button.click()
        ((stopped,),) = await observer.got(ChatEvent.MESSAGE_UPDATED)
        assert stopped["metadata"]["status"] == "cancelled"
        await expect(chat.root.locator("article.answer.open")).to_have_count(0)
        await expect(chat.badge).to_have_attribute("title", PAST)

        await chat.composer.press_sequentially("Said while it computes", delay=5)
        await observer.got(ChatEvent.USER_TYPING)
        await chat.composer.press("Enter")
        answer = (await chat.wait_answer(2)).locator(".body")
        await expect(answer).to_have_text("This is answer 2. It ends here.")
        await act(chat.root.locator("article.message", has_text="Said while it computes"), "Edit")
        edited = chat.root.get_by_role("textbox", name="Edit the message")
        await edited.fill("Put better while it computes")
        await edited.press("Enter")
        await expect(chat.root.locator("article.message", has_text="Put better")).to_be_visible()
        await expect(chat.badge).to_have_text("Live")
        await expect(chat.root.locator(".banner")).to_have_count(0)
        assert await notebook.is_running(1), "the kernel has heard nothing of this"
        await _picture(notebook, chat.root, screenshots)
        before = observer.log()

        (lab.root / "end").touch()
        await expect(chat.badge).to_have_attribute("title", THROUGH)
        answers = await chat.answers.count()
        await chat.say("After it.")
        await chat.wait_answer(answers + 1)
        said = [message["content"] for (message,) in observer.of(ChatEvent.RECEIVE_MESSAGE)]
        assert said.count("Said while it computes") == 1
        assert [text for text in said if text][-1] == "After it."
        after = [seq for seq in observer.log() if seq not in before]
        assert len(after) == 3, "the message after it, and its answer's beginning and end"
    assert house.answers >= 3


async def _picture(notebook: NotebookPage, chat: Locator, screenshots: Path) -> None:
    for name, theme in (("light", "JupyterLab Light"), ("dark", "JupyterLab Dark")):
        await notebook.page.evaluate(THEME, theme)
        await chat.screenshot(path=screenshots / f"busy-kernel-{name}.png")
