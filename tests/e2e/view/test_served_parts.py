"""Browser parts from the page's own Jupyter server: fetched once, and not missed where there are none."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import BrowserContext, expect

from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.jupyter.lab import JupyterLab

PARTS = re.compile(r"/conduit/static/[0-9a-f]+/chat\.js")
SHOW = "from conduit_widget import Chat\nchat = Chat('served')\nprint(len(chat._esm))\nchat"


async def test_module_is_fetched_once_for_all_widgets(lab: JupyterLab, context: BrowserContext) -> None:
    """Each widget sends a few bytes; a reload takes the module from the browser's cache."""
    write_notebook(lab.root / "served.ipynb", SHOW, "Chat('served')", "Chat('other')")
    fetched: list[bool] = []
    notebook = await NotebookPage.open(context, lab, "served.ipynb")
    session = await context.new_cdp_session(notebook.page)
    await session.send("Network.enable")
    kept: set[str] = set()
    session.on("Network.requestServedFromCache", lambda event: kept.add(event["requestId"]))

    def note(event: dict[str, Any]) -> None:
        response = event["response"]
        if PARTS.search(response["url"]):
            fetched.append(bool(response["fromDiskCache"] or event["requestId"] in kept))

    session.on("Network.responseReceived", note)
    for cell in range(3):
        await notebook.run_cell(cell)
        await expect(notebook.chat_in_cell(cell).composer).to_be_visible()
    assert fetched.count(False) == 1, "one widget's request was the others' too"
    await expect(notebook.page.locator(".jp-OutputArea-output pre").first).to_have_text(
        re.compile(r"^3\d\d\s*$")
    )


async def test_page_whose_server_has_no_parts_gets_them_from_the_kernel(
    lab: JupyterLab, context: BrowserContext
) -> None:
    """What VS Code or another server is to the kernel: the import fails, the whole module comes."""
    write_notebook(lab.root / "elsewhere.ipynb", SHOW)
    await context.route(PARTS, lambda route: route.abort())
    notebook = await NotebookPage.open(context, lab, "elsewhere.ipynb")
    await notebook.run_cell(0)
    chat = notebook.chat_in_cell(0)
    await expect(chat.composer).to_be_visible()
    await chat.composer.fill("still here")
    await chat.composer.press("Enter")
    await expect(chat.root.get_by_text("still here").first).to_be_visible()
