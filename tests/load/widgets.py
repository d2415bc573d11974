"""``python -m tests.load widgets``: a notebook with twenty chats in JupyterLab, ten answered at once.

Real Chromium, JupyterLab, hub and kernel; the model says a word every 20 ms. Measured: the seconds from the
notebook's opening until all chats are live, how often the browser part is fetched, the comm messages (both
ways) in the busiest second, how smooth the text comes, and the bytes of a chat in the saved notebook.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

from playwright.async_api import BrowserContext, async_playwright, expect

from conduit_widget.runtime_file import read_runtime
from tests.support.browser.acting import configure as configure_hub
from tests.support.browser.chromium import FLAGS, ensure_chromium
from tests.support.browser.many_widgets import ManyWidgets, draw_all_cells
from tests.support.browser.notebook_page import NotebookPage
from tests.support.hub.local_process import stop_hub
from tests.support.jupyter.extensions import built_extensions
from tests.support.jupyter.lab import JupyterLab, start_jupyter_lab
from tests.support.kernel.frames import KernelFrames
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.waiting import eventually

WORD_SECONDS: Final = 0.02
CLOSE: Final = "() => window.jupyterapp.commands.execute('application:close')"
OPEN: Final = "path => void window.jupyterapp.commands.execute('docmanager:open', {path})"
"""Returns nothing: to write JupyterLab's whole document as JSON takes seconds, which would be measured."""
ASK: Final = "for chat in chats[:{answers}]:\n    chat.send('Go on, please.')"
SET_SOURCE: Final = """([index, source]) => window.jupyterapp.shell.currentWidget.content
  .widgets[index].model.sharedModel.setSource(source)"""


class Figure(NamedTuple):
    """What was measured, and the most it may be."""

    name: str
    value: float
    goal: float


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``widgets``."""
    parser.add_argument("--widgets", type=int, default=20, help="chats, each of another conversation")
    parser.add_argument("--answers", type=int, default=10, help="how many are answered at once")
    parser.add_argument("--words", type=int, default=500, help="words of each answer")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 1 when a goal was missed."""
    began = os.getloadavg()[0]
    figures = asyncio.run(_measure(arguments))
    print("| what | measured | goal |\n| --- | --- | --- |")
    for name, value, goal in figures:
        print(f"| {name} | {value:.1f} | {goal:g} |")
    print(f"load {began:.1f} before and {os.getloadavg()[0]:.1f} after")
    return int(any(value > goal for _, value, goal in figures))


async def _measure(arguments: argparse.Namespace) -> list[Figure]:
    async def answer(request: RawRequest, reply: RawReply) -> None:
        if request.method == "GET":
            await reply.json({"data": [{"id": "scripted"}]})
            return
        await reply.start_stream()
        for number in range(arguments.words):
            await reply.delta(f"word{number} ")
            await asyncio.sleep(WORD_SECONDS)
        await reply.delta("", finish_reason="stop")
        await reply.event("[DONE]")

    with tempfile.TemporaryDirectory(prefix="conduit-widgets-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        data_dir, root = folder / "data", folder / "notebooks"
        root.mkdir()
        environment = built_extensions(folder / "extensions")
        draw_all_cells(environment)
        environment |= {"CONDUIT_DETECT": "0", "CONDUIT_DATA_DIR": str(data_dir)}
        async with RawHttpServer(answer) as model, async_playwright() as playwright:
            configure_hub(data_dir, model.base_url)
            lab = await asyncio.to_thread(start_jupyter_lab, root, environment)
            browser = await playwright.chromium.launch(executable_path=ensure_chromium(), args=FLAGS)
            try:
                context = await browser.new_context(viewport={"width": 1100, "height": 900})
                return await _figures(lab, context, arguments)
            finally:
                await browser.close()
                await asyncio.to_thread(lab.stop)
                if (runtime := read_runtime(data_dir)) is not None:
                    await asyncio.to_thread(stop_hub, runtime.pid)


async def _figures(lab: JupyterLab, context: BrowserContext, arguments: argparse.Namespace) -> list[Figure]:
    many = ManyWidgets(lab.root / "many.ipynb", arguments.widgets)
    notebook = await many.open(context, lab)
    page = notebook.page
    for cell in range(arguments.widgets + 1):
        await notebook.run_cell(cell)
    await many.are_live(page)
    await notebook.run_cell(arguments.widgets + 1)
    await eventually(lambda: _is_saved(notebook, many), within=60, what="the file has all transcripts")
    figures = [Figure("bytes of a chat in the file beyond what was said", many.growth(), 2_000)]

    await page.evaluate(CLOSE)
    await expect(page.locator(".jp-NotebookPanel")).to_have_count(0)
    began = time.monotonic()
    await page.evaluate(OPEN, many.path.name)
    await many.are_live(page)
    figures.append(Figure("s to open the notebook until all are live", time.monotonic() - began, 3))
    frames = KernelFrames(page)
    await notebook.reload()
    await many.are_live(page)
    figures.append(Figure("fetches of the browser part, in all", many.fetched, 1))

    last = arguments.widgets + 1
    await page.evaluate(SET_SOURCE, [last, ASK.format(answers=arguments.answers)])
    await notebook.wait_ready()
    await notebook.run_cell(last)
    open_answers = page.locator("article.answer.open")
    await expect(open_answers).to_have_count(arguments.answers)
    frames.clear()
    await asyncio.sleep(arguments.words * WORD_SECONDS * 0.7)
    assert await open_answers.count() == arguments.answers, "an answer ended while it was measured"
    figures.append(Figure("comm messages in the busiest second", frames.most_a_second(), 35))
    await expect(page.locator("article.answer:not(.open)")).to_have_count(arguments.answers, timeout=120_000)
    return figures


async def _is_saved(notebook: NotebookPage, many: ManyWidgets) -> bool:
    await notebook.save()
    return f"Said in {many.count - 1}" in many.path.read_text(encoding="utf-8")
