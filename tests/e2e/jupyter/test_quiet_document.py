"""A notebook's document and file while an answer is written: unchanged; when it has come to rest, once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.e2e.jupyter.test_shared_notebook import SHUT_DOWN, opened
from tests.support.browser.acting import configure
from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.browser.shared_document import SharedDocument
from tests.support.jupyter.collaboration import collaborating
from tests.support.jupyter.extensions import built_extensions
from tests.support.jupyter.lab import JupyterLab
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.waiting import eventually

SHOW: Final = "from conduit_widget import Chat\nChat('team')"
PIECES: Final = 40


class Steps:
    """A model that writes a piece each time it is let, and the rest of an answer at once."""

    def __init__(self) -> None:
        self.step = asyncio.Semaphore(0)

    async def __call__(self, request: RawRequest, reply: RawReply) -> None:
        """Answer a request."""
        if request.method == "GET":
            await reply.json({"data": [{"id": "scripted"}]})
            return
        await self.step.acquire()
        await reply.start_stream()
        for number in range(PIECES):
            await self.step.acquire()
            await reply.delta(f"piece {number} ")
        await reply.delta("end", finish_reason="stop")
        await reply.event("[DONE]")


@pytest.fixture
async def steps(data_dir: Path) -> AsyncIterator[Steps]:
    """The hub's only model."""
    steps = Steps()
    async with RawHttpServer(steps) as server:
        configure(data_dir, server.base_url)
        yield steps


def state_of(path: Path) -> tuple[str, int]:
    """A file's contents and when it was written."""
    return hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns


async def stream(page: NotebookPage, others: list[NotebookPage], steps: Steps) -> None:
    """Ask, wait before the first word for longer than a rest, and see the answer grow in all pages."""
    await page.chat.say("Write.")
    await expect(page.chat.root.locator("article.answer.open")).to_have_count(1)
    await expect(page.chat.root.locator("article.answer .late")).to_be_visible()  # 3 s without a word
    steps.step.release()
    for number in range(PIECES):
        steps.step.release()
        for each in (page, *others) if number % 10 == 9 else ():
            newest = each.chat.root.locator("article.answer .body").last
            await expect(newest).to_contain_text(f"piece {number}")


@pytest.fixture
def provider_environment(tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """With collaboration or without."""
    extensions = tmp_path / "extensions"
    is_shared = "shared" in request.node.name
    return {
        "CONDUIT_DETECT": "0",
        **(collaborating(extensions) if is_shared else built_extensions(extensions)),
    }


async def test_shared_document_rests_while_an_answer_is_written(
    lab: JupyterLab, steps: Steps, browser: Browser
) -> None:
    """No update in either page, the file as it was; then one update, which the server has stored."""
    path = lab.root / "quiet.ipynb"
    write_notebook(path, SHOW)
    ann = await opened(browser, lab, "ann", "quiet.ipynb")
    await ann.wait_ready()
    await ann.run_cell(0)
    await ann.chat.wait_live()
    bob = await opened(browser, lab, "bob", "quiet.ipynb")
    await bob.wait_ready()
    await bob.chat.wait_live()
    await eventually(lambda: "conduit-" in path.read_text("utf-8"), what="the file has the cell's output")
    documents = [await SharedDocument.watch(page.page) for page in (ann, bob)]
    before = state_of(path)
    await stream(bob, [ann], steps)
    for document in documents:
        assert await document.updates() == []
    assert state_of(path) == before
    await ann.chat.wait_answer()
    await eventually(lambda: "piece 39 end" in path.read_text("utf-8"), what="the file has the answer")
    for document in documents:
        updates = await document.updates()
        assert [part for part in updates if part != "state"] == ["cells"], updates
    # The other page looks as well, once the conversation has rested for longer: nothing is left to write.
    await stream(ann, [bob], steps)
    await eventually(lambda: path.read_text("utf-8").count("piece 39 end") > 3, what="the second answer")
    for document in documents:
        updates = await document.updates()
        assert [part for part in updates if part != "state"] == ["cells"] * 2, updates


async def test_shared_notebook_keeps_what_is_said_when_the_page_that_ran_the_cell_has_gone(
    lab: JupyterLab, steps: Steps, browser: Browser, screenshots: Path
) -> None:
    """Another page writes it: as long as the kernel lives, after a reload, and when the kernel has ended."""
    path = lab.root / "left.ipynb"
    write_notebook(path, SHOW)
    ann = await opened(browser, lab, "ann", "left.ipynb")
    await ann.wait_ready()
    await ann.run_cell(0)
    await ann.chat.wait_live()
    bob = await opened(browser, lab, "bob", "left.ipynb")
    await bob.wait_ready()
    await bob.chat.wait_live()
    steps.step = asyncio.Semaphore(100 * PIECES)

    async def keeps(text: str) -> None:
        await bob.chat.say(text)
        await eventually(lambda: text in path.read_text("utf-8"), within=120, what=f"the file has {text!r}")

    await keeps("With Ann.")
    await ann.page.context.close()
    await keeps("Ann has left.")
    await bob.reload()
    await bob.chat.wait_live()
    await keeps("Loaded again.")
    await bob.page.evaluate(SHUT_DOWN)
    await bob.reload()
    await bob.chat.wait_live()
    await keeps("Without a kernel.")
    for text in ("With Ann.", "Ann has left.", "Loaded again.", "Without a kernel."):
        assert path.read_text("utf-8").count(text) == 2, "as text and as HTML"
    await bob.page.screenshot(path=screenshots / "shared-left.png")


async def test_notebook_keeps_what_is_said_after_a_reload(
    lab: JupyterLab, steps: Steps, context: BrowserContext
) -> None:
    """Without collaboration: the page that was loaded again has something to be saved."""
    path = lab.root / "again.ipynb"
    write_notebook(path, SHOW)
    page = await NotebookPage.open(context, lab, "again.ipynb")
    await page.run_cell(0)
    await page.chat.wait_live()
    await page.save()
    await page.reload()
    await page.chat.wait_live()
    steps.step = asyncio.Semaphore(100 * PIECES)
    document = await SharedDocument.watch(page.page)
    await page.chat.say("After the reload.")
    await eventually(document.is_dirty, within=120, what="there is a transcript to be saved")
    await page.save()
    assert "After the reload." in path.read_text("utf-8")
    assert "piece 39 end" in path.read_text("utf-8")


async def test_notebook_rests_while_an_answer_is_written(
    lab: JupyterLab, steps: Steps, context: BrowserContext
) -> None:
    """Without collaboration: nothing to be saved, the file as it was; then the transcript."""
    path = lab.root / "alone.ipynb"
    write_notebook(path, SHOW)
    page = await NotebookPage.open(context, lab, "alone.ipynb")
    await page.run_cell(0)
    await page.chat.wait_live()
    await page.save()
    document = await SharedDocument.watch(page.page)
    before = state_of(path)
    await stream(page, [], steps)
    assert not await document.became_dirty()
    assert await document.updates() == []
    assert state_of(path) == before
    await page.chat.wait_answer()
    await eventually(document.is_dirty, what="there is a transcript to be saved")
    await page.save()
    assert "piece 39 end" in path.read_text("utf-8")
    updates = await document.updates()
    assert [part for part in updates if part != "state"] == ["cells"], updates
