"""A notebook with many chats, the requests for their browser part, and what the saved file has of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from playwright.async_api import BrowserContext, Page

from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.jupyter.lab import JupyterLab

MODULE: Final = re.compile(r"/conduit/static/[0-9a-f]+/chat\.js")
BEGIN: Final = "from conduit_widget import Chat\nchats = []"
SHOW: Final = "chats.append(Chat({name!r}))\nchats[-1]"
SAY: Final = """for number, chat in enumerate(chats):
    chat.send(f'Said in {number}', respond=False).result(60)"""
ALL_LIVE: Final = """count => [...document.querySelectorAll('.conduit-view > div')].filter(({shadowRoot}) =>
  shadowRoot?.querySelector('section.chat .badge')?.textContent.includes('Live')).length === count"""
WHOLE: Final = '{"windowingMode": "none"}'


def draw_all_cells(environment: dict[str, str]) -> None:
    """Have JupyterLab draw the cells that are out of sight, too."""
    folder = Path(environment["JUPYTERLAB_SETTINGS_DIR"]) / "@jupyterlab" / "notebook-extension"
    folder.mkdir(parents=True)
    (folder / "tracker.jupyterlab-settings").write_text(WHOLE, encoding="utf-8")


class ManyWidgets:
    """The notebook: a cell that begins, a cell for each chat, one in which each says something."""

    def __init__(self, path: Path, count: int) -> None:
        self.path = path
        self.count = count
        cells = [SHOW.format(name=f"many-{number}") for number in range(count)]
        write_notebook(path, BEGIN, *cells, SAY)
        self._empty = path.stat().st_size
        self.fetched = 0

    async def open(self, context: BrowserContext, lab: JupyterLab) -> NotebookPage:
        """Open it, and count from now on how often the browser part comes over the network."""
        notebook = await NotebookPage.open(context, lab, self.path.name)
        session = await context.new_cdp_session(notebook.page)
        await session.send("Network.enable")
        cached: set[str] = set()
        session.on("Network.requestServedFromCache", lambda event: cached.add(event["requestId"]))

        def note(event: dict[str, Any]) -> None:
            response = event["response"]
            is_kept = response["fromDiskCache"] or event["requestId"] in cached
            self.fetched += bool(MODULE.search(response["url"]) and not is_kept)

        session.on("Network.responseReceived", note)
        return notebook

    async def are_live(self, page: Page) -> None:
        """Wait until all chats are there, and live."""
        # Asked in every frame: `expect` asks once a second after the first, and that would be measured.
        await page.wait_for_function(ALL_LIVE, arg=self.count, timeout=120_000)

    def growth(self) -> float:
        """Return the bytes of a chat in the saved file beyond what was said (there as HTML and text)."""
        saved = json.loads(self.path.read_text(encoding="utf-8"))
        said = sum(2 * len(f"Said in {number}") for number in range(self.count))
        assert json.dumps(saved).count("Said in") >= 2 * self.count, "all transcripts are in the file"
        return (self.path.stat().st_size - self._empty - said) / self.count
