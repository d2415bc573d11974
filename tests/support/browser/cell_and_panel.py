"""One conversation in a notebook's cell and in the panel beside it; whether both show what the hub has."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playwright.async_api import BrowserContext, Page, expect

from conduit_widget.chat_client.state.messages import is_final
from conduit_widget.errors import ConnectionFailedError
from conduit_widget.types import ChatMessage
from tests.support.browser.lab_scripts import OPEN, REMEMBER
from tests.support.browser.notebook_page import ChatPart, NotebookPage, write_notebook
from tests.support.hub.reader import read_conversation
from tests.support.jupyter.lab import JupyterLab
from tests.support.waiting import eventually

CONVERSATION: Final = "main"
SHOW: Final = f"from conduit_widget import Chat\nchat = Chat({CONVERSATION!r})\nchat"
NOTEBOOK: Final = "talk.ipynb"
CLOSE: Final = "() => window.jupyterapp.commands.execute('application:close')"
RESTART: Final = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
SHUT_DOWN: Final = "() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"
LONG: Final = 120.0
"""Seconds: who is silent is given up after half a minute, and tried again ever more seldom."""
REVEAL: Final = "() => window.jupyterapp.commands.execute('conduit-chat:open')"


NOT_STORED: Final = "Shown while written, but not stored:"


class CellAndPanel:
    """The page with both. ``data_dir`` is the hub's."""

    def __init__(self, notebook: NotebookPage, data_dir: Path) -> None:
        self.notebook = notebook
        self._data_dir = data_dir
        self.cell = notebook.chat_in_cell(0)
        self.panel = ChatPart(notebook.page.locator("#conduit-chat section.chat"))

    @classmethod
    async def open(
        cls, context: BrowserContext, lab: JupyterLab, data_dir: Path, port: int | None = None
    ) -> CellAndPanel:
        """Open the notebook, run its cell, open the panel; ``port`` is that of a proxy before the server."""
        write_notebook(lab.root / NOTEBOOK, SHOW)
        page = await context.new_page()
        url = lab.url(NOTEBOOK, workspace="talk")
        await page.goto(url.replace(f":{lab.port}/", f":{port}/") if port else url)
        notebook = NotebookPage(page)
        await notebook.wait_ready()
        await notebook.run_cell(0)
        both = cls(notebook, data_dir)
        await both.cell.wait_live()
        await page.evaluate(REMEMBER, CONVERSATION)
        await page.evaluate(REVEAL)
        await both.panel.wait_live()
        return both

    @property
    def page(self) -> Page:
        """The page."""
        return self.notebook.page

    async def both_begin(self, text: str) -> None:
        """Wait until the answer that is being written has come as far as ``text``, in both."""
        for place in (self.cell, self.panel):
            await expect(place.root.locator("article.answer.open .body")).to_have_text(text)

    async def stored(self) -> list[ChatMessage]:
        """Return what the hub has."""
        return await read_conversation(self._data_dir, CONVERSATION)

    async def is_whole(self, *places: ChatPart, messages: int) -> None:
        """Wait until the hub has so many messages, all ended, and each place shows these in order."""

        async def ended() -> list[ChatMessage]:
            try:
                stored = await self.stored()
            except ConnectionFailedError:
                return []  # the next hub begins
            return stored if len(stored) == messages and all(is_final(each) for each in stored) else []

        stored = await eventually(ended, within=LONG, what=f"the hub has {messages} messages that have ended")
        expected = [(message.id, message.text.strip()) for message in stored]
        for place in places or (self.cell, self.panel):
            try:
                await eventually(lambda at=place: _shows(at, expected), within=LONG, what="the transcript")  # type: ignore[misc] # mypy cannot infer lambdas with defaults
            except AssertionError:
                name = "the cell" if place is self.cell else "the panel"
                shown, badge = await place.texts(), await place.badge.text_content()
                raise AssertionError(f"{name} ({badge}) shows {shown}, not {expected}") from None

    async def reopen_notebook(self) -> None:
        """Close the notebook's tab and open it again."""
        await self.notebook.save()
        await self.page.evaluate(CLOSE)
        await expect(self.page.locator(".jp-NotebookPanel")).to_have_count(0)
        await self.page.evaluate(OPEN, NOTEBOOK)
        await self.notebook.wait_ready()


async def _shows(place: ChatPart, expected: list[tuple[str, str]]) -> bool:
    """Whether the messages are all there, and no more; what a killed hub had not stored yet may be shown."""
    is_writing = await place.root.locator("article.open, article.outgoing").count()
    shown = [(id_, text.partition(NOT_STORED)[0]) for id_, text in await place.texts()]
    return not is_writing and shown == expected
