"""A notebook that people share (jupyter-collaboration): each is themselves, on one widget and kernel."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, Locator, expect

from conduit_widget.chat_client.conversation.synchronizer import NOT_YET
from conduit_widget.jupyter.views.session import READ_ONLY
from tests.support.browser.acting import HELD, House, act, button, configure
from tests.support.browser.cell_and_panel import REVEAL
from tests.support.browser.lab_scripts import OPEN, THEME
from tests.support.browser.notebook_page import ChatPart, NotebookPage, write_notebook
from tests.support.jupyter.collaboration import collaborating
from tests.support.jupyter.lab import JupyterLab
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.waiting import eventually

SHOW: Final = "from conduit_widget import Chat\nchat = Chat('team')\nrows = [1, 2, 3]\nchat"
SAID: Final = "[(m.author.user_id, m.text) for m in chat.messages if m.role == 'user']"
OWN: Final = "from conduit_widget import Chat\nchat = Chat()\nprint(chat.conversation_id)\nchat"
VIEWPORT: Final = {"width": 1100, "height": 900}
OTHERS: Final = "Bob Bär reacted with 👍"
MINE: Final = "You reacted with 👍. Press to take yours away."

RENAME: Final = "name => window.jupyterapp.shell.currentWidget.context.rename(name)"
RESTART: Final = "() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()"
SHUT_DOWN: Final = "() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"
CLOSE: Final = "() => window.jupyterapp.shell.currentWidget.close()"


class Shared(House):
    """A model that remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.prompts: list[str] = []

    async def __call__(self, request: RawRequest, reply: RawReply) -> None:
        """Answer a request."""
        if request.method != "GET":
            self.prompts.append(json.dumps(request.json["messages"][-1], ensure_ascii=False))
        await super().__call__(request, reply)


@pytest.fixture
def provider_environment(tmp_path: Path) -> dict[str, str]:
    """A server for Ann, Bob and Vic."""
    return {"CONDUIT_DETECT": "0", **collaborating(tmp_path / "extensions")}


@pytest.fixture
async def house(data_dir: Path) -> AsyncIterator[Shared]:
    """The hub's only model."""
    house = Shared()
    async with RawHttpServer(house) as server:
        configure(data_dir, server.base_url)
        yield house


async def opened(browser: Browser, lab: JupyterLab, user: str, notebook: str) -> NotebookPage:
    """Open a notebook as somebody, in a browser of their own."""
    context = await browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]
    page = await context.new_page()
    theirs = dataclasses.replace(lab, token=f"user-{user}")
    await page.goto(theirs.url(notebook, workspace=user))
    return NotebookPage(page)


async def people(browser: Browser, lab: JupyterLab, notebook: str) -> tuple[NotebookPage, NotebookPage]:
    """Ann, who runs the first cell, and Bob, who sees it."""
    ann = await opened(browser, lab, "ann", notebook)
    await ann.wait_ready()
    await ann.run_cell(0)
    await ann.chat.wait_live()
    bob = await opened(browser, lab, "bob", notebook)
    await bob.wait_ready()
    await bob.chat.wait_live()
    return ann, bob


def said_by(chat: ChatPart, name: str, text: str) -> Locator:
    """Somebody else's message."""
    return chat.root.locator("article.message", has=chat.root.page.get_by_text(name)).filter(has_text=text)


def own(chat: ChatPart, text: str) -> Locator:
    """A message of the page's own person."""
    return chat.root.locator("article.own", has_text=text)


async def output(page: NotebookPage, index: int) -> str:
    """Run a cell and return what it shows."""
    await page.run_cell(index)
    return await page.page.locator(".jp-Cell").nth(index).locator(".jp-OutputArea-output").last.inner_text()


async def test_two_people_are_themselves_in_one_notebook(
    lab: JupyterLab, house: Shared, browser: Browser, screenshots: Path
) -> None:
    """Names, colours, drafts, typing, sending at once, stop, pause, branches; Python sees both."""
    write_notebook(lab.root / "shared.ipynb", SHOW, SAID)
    ann, bob = await people(browser, lab, "shared.ipynb")
    for page in (ann, bob):
        seen = page.chat.root.locator(".presence .person .avatar")
        await expect(seen).to_have_count(3)
        await expect(seen.filter(has_text="R")).to_have_count(1)
        await expect(seen.filter(has_text="AÄ")).to_have_css("background-color", "rgb(142, 36, 170)")
        await expect(seen.filter(has_text="BB")).to_have_css("background-color", "rgb(0, 121, 107)")
        for initials in ("AÄ", "BB"):
            await expect(seen.filter(has_text=initials).locator("img")).to_have_js_property("complete", True)
            assert (
                await seen.filter(has_text=initials).locator("img").evaluate("face => face.naturalWidth > 1")
            )
    await expect(ann.chat.badge).to_have_attribute("title", re.compile("as Ann Äpfel"))

    await bob.chat.composer.press_sequentially("Hello from", delay=5)
    await expect(ann.chat.typing).to_contain_text("Bob Bär")
    await expect(bob.chat.typing).not_to_contain_text("Bob Bär")
    await expect(ann.chat.composer).to_have_value("")
    await bob.chat.composer.press_sequentially(" Bob", delay=5)
    await ann.chat.composer.press_sequentially("Hello from Ann", delay=5)
    await asyncio.gather(ann.chat.composer.press("Enter"), bob.chat.composer.press("Enter"))
    for mine, theirs, name in ((ann, bob, "Ann"), (bob, ann, "Bob")):
        await expect(own(mine.chat, f"Hello from {name}")).to_have_count(1)
        await expect(said_by(theirs.chat, f"{name} ", f"Hello from {name}")).to_have_count(1)
        await mine.chat.wait_answer(2)
    said = await output(ann, 1)
    assert sorted(re.findall(r"'(\w+)', 'Hello from (\w+)'", said)) == [("ann", "Ann"), ("bob", "Bob")]

    # At once: one edits, the other reacts.
    await ann.chat.say("A third question.")
    for page in (ann, bob):
        await page.chat.wait_answer(3)
    await act(own(ann.chat, "A third question."), "Edit")
    await ann.chat.root.get_by_role("textbox", name="Edit the message").fill("A better question.")
    first = bob.chat.messages.filter(has_text="This is answer 1.")
    await act(first, "React")
    await asyncio.gather(ann.page.keyboard.press("Enter"), button(first, "React with 👍").click())
    for page in (ann, bob):
        await expect(page.chat.answers.last.locator(".body")).to_have_text("This is answer 4. It ends here.")
        await expect(page.chat.messages.filter(has_text="A better question.")).to_have_count(1)
        thumb = page.chat.root.locator(".reaction")
        await expect(thumb).to_have_accessible_name(OTHERS if page is ann else MINE)

    # Bob names a variable of the kernel, and is shown what goes.
    await bob.chat.composer.press_sequentially("What is in @rows ?", delay=5)
    tray = bob.chat.root.get_by_role("region", name="Goes along for the model")
    await expect(tray).to_contain_text("list")
    await bob.page.screenshot(path=screenshots / "shared-variable.png")
    await bob.chat.composer.press("Enter")
    await eventually(
        lambda: any("@rows: list" in each for each in house.prompts), what="the list at the model"
    )
    await expect(own(bob.chat, "What is in")).to_have_count(1)
    for page in (ann, bob):
        await page.chat.wait_answer(4)

    await ann.chat.say(f"Please {HELD} it.")
    half = bob.chat.root.locator("article.answer.open .body")
    await expect(half).to_contain_text("This is answer")
    await button(bob.chat.root, "Pause").click()
    await expect(bob.chat.root.locator(".paused")).to_have_count(1)
    await expect(ann.chat.root.locator(".paused")).to_have_count(0)
    await ann.page.screenshot(path=screenshots / "shared-ann.png")
    await bob.page.screenshot(path=screenshots / "shared-bob-paused.png")
    await ann.chat.stop_button.click()
    await expect(ann.chat.root.locator("article.answer.open")).to_have_count(0)
    await button(bob.chat.root, "Resume").click()
    await expect(bob.chat.root.locator("article.answer.open")).to_have_count(0)
    house.go_on.set()

    await act(ann.chat.answers.last, "Regenerate")
    for page in (ann, bob):
        await expect(page.chat.answers.last.locator(".branches")).to_contain_text("2/2")
    await button(ann.chat.answers.last, "Previous branch").click()
    await expect(ann.chat.answers.last.locator(".branches")).to_contain_text("1/2")
    await expect(bob.chat.answers.last.locator(".branches")).to_contain_text("2/2")
    for name, theme in (("light", "JupyterLab Light"), ("dark", "JupyterLab Dark")):
        await bob.page.evaluate(THEME, theme)
        await expect(bob.page.locator("#jupyterlab-splash")).to_have_count(0)
        await bob.page.screenshot(path=screenshots / f"shared-bob-{name}.png")


async def test_who_may_run_nothing_reads_in_the_cell_and_is_told_why(
    lab: JupyterLab, house: Shared, browser: Browser, screenshots: Path
) -> None:
    """Without a kernel the saved transcript is there, then the conversation; the composer is closed."""
    path = lab.root / "read.ipynb"
    write_notebook(path, SHOW)
    ann, _ = await people(browser, lab, "read.ipynb")
    await ann.chat.say("First.")
    await ann.chat.wait_answer()
    await eventually(lambda: "It ends here." in path.read_text("utf-8"), what="the file has the first answer")
    vic = await opened(browser, lab, "vic", "read.ipynb")
    transcript = vic.page.locator(".conduit-transcript")
    await expect(transcript).to_contain_text("This is answer 1. It ends here.", timeout=60_000)
    await vic.chat.wait_live()
    await expect(transcript).to_be_hidden()
    await expect(vic.chat.messages).to_have_count(2)
    await expect(vic.chat.composer).to_have_attribute("placeholder", READ_ONLY)
    await expect(vic.chat.composer).to_be_disabled()
    for name in ("Attach", "Send"):
        closed = vic.chat.root.get_by_role("button", name=name, exact=True)
        await expect(closed).to_be_disabled()
        await expect(closed).to_have_attribute("title", READ_ONLY)
    await vic.chat.messages.first.hover()
    await expect(vic.chat.root.get_by_role("toolbar").get_by_role("button")).to_have_count(2)
    await vic.page.screenshot(path=screenshots / "shared-reader.png")


async def test_who_may_only_read_and_comes_first_waits_for_the_first_word(
    lab: JupyterLab, house: Shared, browser: Browser, screenshots: Path
) -> None:
    """The panel says what it waits for, and opens when somebody writes; no strange host has a face."""
    write_notebook(lab.root / "first.ipynb", "1")
    vic = await opened(browser, lab, "vic", "first.ipynb")
    await expect(vic.page.locator(".jp-Notebook .jp-Cell").first).to_be_visible(timeout=60_000)
    await vic.page.evaluate(REVEAL)
    panel = ChatPart(vic.page.locator("#conduit-chat section.chat"))
    await expect(panel.root.locator(".banner")).to_contain_text(NOT_YET, timeout=60_000)
    await vic.page.screenshot(path=screenshots / "shared-reader-first.png")
    ann = await opened(browser, lab, "ann", "first.ipynb")
    await ann.wait_ready()
    await ann.page.evaluate(REVEAL)
    hers = ChatPart(ann.page.locator("#conduit-chat section.chat"))
    await hers.wait_live()
    await hers.say("First.")
    await panel.wait_live()
    await expect(panel.messages.filter(has_text="First.").locator(".avatar img")).to_have_count(1)
    await panel.wait_answer()
    await expect(panel.root.locator(".presence .avatar", has_text="VV").locator("img")).to_have_count(0)
    await vic.page.screenshot(path=screenshots / "shared-reader-panel.png")


async def test_own_conversation_and_what_becomes_of_pages_and_kernel(
    lab: JupyterLab, house: Shared, browser: Browser, screenshots: Path
) -> None:
    """Renamed, reloaded, closed, restarted, shut down: it is the notebook's, and whole each time."""
    write_notebook(lab.root / "plans.ipynb", OWN)
    ann, bob = await people(browser, lab, "plans.ipynb")
    name = (await ann.page.locator(".jp-OutputArea-output").first.inner_text()).strip()
    assert name.startswith("plans-")
    await ann.chat.say("First.")
    await bob.chat.wait_answer()

    async def whole(page: NotebookPage, count: int) -> None:
        await page.chat.wait_live()
        await page.chat.wait_answer(count)
        texts = [text for _, text in await page.chat.texts()]
        assert [text for text in texts if text.startswith("This is")] == [
            f"This is answer {number}. It ends here." for number in range(1, count + 1)
        ]

    await ann.page.evaluate(RENAME, "roads.ipynb")
    await expect(ann.page.locator(".jp-mod-current .lm-TabBar-tabLabel")).to_have_text("roads.ipynb")
    await eventually((lab.root / "roads.ipynb").exists, what="the file has its new name")
    await expect(bob.page.locator(".jp-mod-current .lm-TabBar-tabLabel")).to_have_text("roads.ipynb")
    await expect(bob.page).to_have_url(re.compile("roads"))
    await ann.run_cell(0)
    await expect(ann.page.locator(".jp-OutputArea-output").first).to_have_text(name)
    await whole(ann, 1)
    await bob.reload()
    await whole(bob, 1)
    await bob.chat.say("Second.")
    await whole(ann, 2)
    await ann.reload()
    await whole(ann, 2)
    await bob.page.evaluate(CLOSE)
    await bob.page.evaluate(OPEN, "roads.ipynb")
    await whole(bob, 2)

    await ann.page.evaluate(RESTART)
    await ann.chat.say("Third.")
    for page in (ann, bob):
        await whole(page, 3)
    await ann.page.screenshot(path=screenshots / "shared-restarted.png")
    await ann.run_cell(0)
    await expect(ann.page.locator(".jp-OutputArea-output").first).to_have_text(name)
    for page in (ann, bob):
        await whole(page, 3)
    await ann.page.evaluate(SHUT_DOWN)
    await bob.chat.say("Fourth.")
    for page in (ann, bob):
        await whole(page, 4)
    await bob.page.screenshot(path=screenshots / "shared-shut-down.png")
    await bob.reload()
    await whole(bob, 4)
    await bob.page.screenshot(path=screenshots / "shared-without-kernel.png")
