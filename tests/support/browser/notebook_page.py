"""A notebook in JupyterLab in a real browser, and the chat widgets in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.support.jupyter.lab import JupyterLab

KERNEL_IDLE = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  return panel?.sessionContext?.session?.kernel?.status === 'idle';
}"""

SELECT_AND_RUN = """async ([index, wait]) => {
  const panel = window.jupyterapp.shell.currentWidget;
  panel.content.deselectAll();
  panel.content.activeCellIndex = index;
  const run = window.jupyterapp.commands.execute('notebook:run-cell');
  if (wait) await run;
}"""

# Samples, in every frame, the text of the last answer; one entry per change: [ms, characters, done].
WATCH_ANSWER = """(root) => {
  const samples = [];
  globalThis.__answerSamples = samples;
  const chat = root;
  const frame = (now) => {
    const answers = chat.querySelectorAll('article.answer');
    const last = answers[answers.length - 1];
    if (last) {
      const length = last.querySelector('.body')?.textContent.length ?? 0;
      const done = !last.classList.contains('open');
      const before = samples[samples.length - 1];
      if (!before || before[1] !== length || before[2] !== done) samples.push([now, length, done]);
    }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""


def write_notebook(path: Path, *cells: str, kernel: str = "python3") -> None:
    """Write a notebook of code cells; ``kernel`` is the name of its kernelspec."""
    notebook = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for number, source in enumerate(cells)
        ],
        "metadata": {
            "kernelspec": {"display_name": kernel, "language": "python", "name": kernel},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook), encoding="utf-8")


class NotebookPage:
    """One browser page with one notebook open."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    async def open(cls, context: BrowserContext, lab: JupyterLab, notebook: str) -> NotebookPage:
        """Open a notebook in a workspace of its own and wait until its kernel is idle."""
        page = await context.new_page()
        opened = cls(page)
        await page.goto(lab.url(notebook, workspace=Path(notebook).stem))
        await opened.wait_ready()
        return opened

    async def wait_ready(self) -> None:
        """Wait until the notebook is shown and its kernel is idle."""
        await expect(self.page.locator(".jp-Notebook .jp-Cell").first).to_be_visible(timeout=60_000)
        await self.page.wait_for_function(KERNEL_IDLE, timeout=60_000)

    async def reload(self) -> None:
        """Reload the page, as F5 does."""
        await self.page.reload()
        await expect(self.page.locator(".jp-Notebook .jp-Cell").first).to_be_visible(timeout=60_000)

    async def run_cell(self, index: int, *, wait: bool = True) -> None:
        """Run a cell; with ``wait`` until it ends."""
        await self.page.evaluate(SELECT_AND_RUN, [index, wait])

    async def is_running(self, index: int) -> bool:
        """Whether a cell is still being executed (the kernel's own status also follows its subshells)."""
        prompt = await self.page.locator(".jp-Cell").nth(index).locator(".jp-InputPrompt").text_content()
        return "*" in (prompt or "")

    async def save(self) -> None:
        """Save the notebook."""
        await self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    @property
    def chat(self) -> ChatPart:
        """The first chat widget of the notebook."""
        return ChatPart(self.page.locator("section.chat").first)

    def chat_in_cell(self, index: int) -> ChatPart:
        """The chat widget shown under a cell."""
        return ChatPart(self.page.locator(".jp-Cell").nth(index).locator("section.chat"))


class ChatPart:
    """A chat widget on a page."""

    def __init__(self, root: Locator) -> None:
        self.root = root
        self.badge = root.locator(".badge")
        self.composer = root.locator("textarea")
        self.answers = root.locator("article.answer")
        self.messages = root.locator("article.message")
        self.presence = root.locator(".presence .person")
        self.typing = root.locator(".typing")
        self.provider = root.locator(".provider")
        self.stop_button = root.locator("button.stop")

    async def wait_live(self) -> None:
        """Wait until the badge says Live."""
        await expect(self.badge).to_have_text("Live", timeout=60_000)

    async def say(self, text: str) -> None:
        """Type a message and press Enter, as a person does."""
        await self.composer.click()
        await self.composer.press_sequentially(text, delay=5)
        await self.composer.press("Enter")

    async def say_at_once(self, text: str) -> None:
        """Put a message in whole: JupyterLab takes the focus from who types when it misses its server."""
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def wait_answer(self, count: int = 1, timeout: float = 60_000) -> Locator:
        """Wait until ``count`` answers are complete; return the last."""
        done = self.root.locator("article.answer:not(.open)")
        await expect(done).to_have_count(count, timeout=timeout)
        return done.nth(count - 1)

    async def texts(self) -> list[tuple[str, str]]:
        """Every message as (id, text shown)."""
        found: list[list[str]] = await self.messages.evaluate_all(
            "(all) => all.map((m) => [m.dataset.messageId, "
            "(m.querySelector('.body, .bubble')?.textContent ?? '').trim()])"
        )
        return [(identifier, text) for identifier, text in found]

    async def watch_answer(self) -> None:
        """Begin to sample the growth of the last answer, frame by frame."""
        await self.root.evaluate(WATCH_ANSWER)

    async def answer_samples(self) -> list[tuple[float, int, bool]]:
        """Return what was sampled: (ms, characters shown, done)."""
        samples: list[list[Any]] = await self.root.page.evaluate("() => globalThis.__answerSamples ?? []")
        return [(float(at), int(length), bool(done)) for at, length, done in samples]
