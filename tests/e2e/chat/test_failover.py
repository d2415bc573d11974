"""A model that dies or stalls in mid-answer, as the person in JupyterLab sees it; and how quick Stop is."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from playwright.async_api import BrowserContext, Locator, expect

from conduit_widget.runtime_file import read_runtime
from tests.support.browser.lab_scripts import THEME
from tests.support.browser.notebook_page import ChatPart, NotebookPage, write_notebook
from tests.support.jupyter.lab import JupyterLab
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.providers.local_model import installed_model, second_model
from tests.support.waiting import eventually, ticks

pytestmark = pytest.mark.usefixtures("only_configured")

TWO_MODELS = """
[[providers]]
name = "near"
kind = "local"
model = "{near}"
context_tokens = 300
timeouts = {{ idle = {idle} }}

[[providers]]
name = "far"
kind = "local"
model = "{far}"
context_tokens = 300
"""
ONE_SERVER = """
[[providers]]
name = "house"
base_url = "{url}"
model = "scripted"
"""
CHAT = "from conduit_widget import Chat\nChat('story')"
STORY = "Tell me a long story about a lighthouse keeper and a storm."
LONG_MS = 180_000
FITS = "element => element.scrollWidth <= element.clientWidth"


def configure(data_dir: Path, text: str) -> None:
    """Write the hub's ``config.toml``."""
    data_dir.mkdir(mode=0o700)
    (data_dir / "config.toml").write_text(text, encoding="utf-8")


def two_models(tmp_path: Path, data_dir: Path, *, idle: float) -> None:
    """Two real models; the first may fall silent for ``idle`` seconds."""
    far = second_model(tmp_path)
    configure(data_dir, TWO_MODELS.format(near=installed_model(), far=far, idle=idle))


async def open_chat(context: BrowserContext, lab: JupyterLab) -> NotebookPage:
    """Open a notebook that shows a chat."""
    write_notebook(lab.root / "story.ipynb", CHAT)
    notebook = await NotebookPage.open(context, lab, "story.ipynb")
    await notebook.run_cell(0)
    await notebook.chat.wait_live()
    return notebook


async def asked(chat: ChatPart, data_dir: Path) -> psutil.Process:
    """Ask for a story, wait until some of it is there, and return the process that writes it."""
    await chat.say(STORY)
    body = chat.answers.last.locator(".body")
    await expect(body).to_be_visible(timeout=LONG_MS)

    async def begun() -> bool:
        return len(await body.inner_text()) > 60

    await eventually(begun, what="the beginning of the story")
    runtime = read_runtime(data_dir)
    assert runtime is not None
    [child] = psutil.Process(runtime.pid).children()
    return child


@contextmanager
def stalled(process: psutil.Process) -> Iterator[None]:
    """Hold a process still, as a machine that swaps does."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


async def check_seam(answer: Locator, reason: str) -> None:
    """The seam stands within the text, in its sentence; below it stands what happened; nothing is doubled."""
    seam = answer.locator(".body .seam")
    await expect(seam).to_have_text("continued by far")
    await expect(answer.locator(".switched")).to_have_text(f"near broke off ({reason}); far went on.")
    before, after = await answer.locator(".body").evaluate(
        """body => {
          const range = document.createRange();
          const seam = body.querySelector('.seam');
          range.setStart(body, 0); range.setEndBefore(seam);
          const before = range.toString();
          range.setStartAfter(seam); range.setEndAfter(body.lastChild);
          return [before, range.toString()];
        }"""
    )
    assert len(before) > 60
    assert after.strip()
    assert before[:40] not in after, "it did not begin again"


async def draw(notebook: NotebookPage, path: Path) -> None:
    """Take pictures of the seam: light, dark, narrow."""
    root = notebook.chat.root

    async def picture(name: str) -> None:
        await notebook.page.wait_for_timeout(300)
        await root.locator(".seam").evaluate("seam => seam.scrollIntoView({block: 'center'})")
        await notebook.page.wait_for_timeout(300)
        await root.screenshot(path=path.with_name(f"{path.name}-{name}.png"))

    for theme in ("Dark", "Light"):
        await notebook.page.evaluate(THEME, f"JupyterLab {theme}")
        await picture(theme.lower())
    await notebook.page.set_viewport_size({"width": 730, "height": 900})
    await picture("narrow")
    assert await root.evaluate(FITS)


async def test_other_model_ends_the_sentence_of_one_that_is_killed(
    lab: JupyterLab, context: BrowserContext, screenshots: Path, tmp_path: Path, data_dir: Path
) -> None:
    """``kill -9`` in mid-answer: the text goes on, and seam, line and notice say who wrote what."""
    two_models(tmp_path, data_dir, idle=60)
    notebook = await open_chat(context, lab)
    chat = notebook.chat
    model = await asked(chat, data_dir)
    model.kill()
    await expect(chat.root.locator(".note[data-kind]")).to_contain_text("near", timeout=LONG_MS)
    answer = await chat.wait_answer(timeout=LONG_MS)
    await check_seam(answer, "its connection ended")
    await draw(notebook, screenshots / "killed")


async def test_other_model_ends_the_sentence_of_one_that_stalls_and_it_comes_back(
    lab: JupyterLab, context: BrowserContext, screenshots: Path, tmp_path: Path, data_dir: Path
) -> None:
    """SIGSTOP past the idle clock, then SIGCONT: the first model gives a later answer, and is well again."""
    two_models(tmp_path, data_dir, idle=8)
    notebook = await open_chat(context, lab)
    chat = notebook.chat
    with stalled(await asked(chat, data_dir)):
        answer = await chat.wait_answer(timeout=LONG_MS)
        await check_seam(answer, "it fell silent")
        await draw(notebook, screenshots / "stalled")
    # Its breaker lets one question through when it has cooled down; which of these, is a matter of time.
    for asked_again in range(2, 8):
        await chat.say("Say hello.")
        await chat.wait_answer(asked_again, timeout=LONG_MS)
        if "near" in await chat.provider.inner_text():
            break
    await expect(chat.provider).to_contain_text("near")
    await expect(chat.provider).to_contain_text("ready")


async def test_stop_hangs_up_on_the_provider(
    lab: JupyterLab, context: BrowserContext, data_dir: Path
) -> None:
    """The server can use its slot for others, also where it had not begun to answer."""
    words = asyncio.Event()

    async def script(request: RawRequest, reply: RawReply) -> None:
        if request.method == "GET":
            await reply.json({"data": [{"id": "scripted"}]})
            return
        await reply.start_stream()
        async for _ in ticks(0.1):
            if request.closed.is_set():
                break
            if words.is_set():
                await reply.delta("word ")

    async def stop() -> None:
        await chat.stop_button.click()
        await asyncio.wait_for(server.requests[-1].closed.wait(), 30)

    async with RawHttpServer(script) as server:
        configure(data_dir, ONE_SERVER.format(url=server.base_url))
        chat = (await open_chat(context, lab)).chat
        await chat.say("A first question.")
        await eventually(lambda: server.requests[-1].method == "POST", what="the question")
        await expect(chat.stop_button).to_be_enabled()
        await stop()
        await chat.wait_answer(1)
        words.set()
        await chat.say("Another one.")
        await expect(chat.answers.last.locator(".body")).to_contain_text("word word")
        await stop()
        await chat.wait_answer(2)
