"""Lazy parts of the view in JupyterLab: once a page, over the comm where no server has them."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import BrowserContext, WebSocket, expect

from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.jupyter.lab import JupyterLab

CHUNK = re.compile(r'"kind":"chunk","name":"(\w+)"')
SERVED = re.compile(r"/conduit/static/[0-9a-f]+/.+\.chunk\.gz")
CODE = "```python\\ndef greet(name):\\n    return f'Hello {name}'  # kindly\\n```"
SHOW = f"""from conduit_widget import Chat
chat = Chat('code')
chat.send("{CODE}", respond=False).result(60)
chat"""


async def test_code_gets_its_colours_in_every_chat_from_one_message(
    lab: JupyterLab, context: BrowserContext, screenshots: Path
) -> None:
    """Two chats of one page have a copy of Preact each; the chunk travels once and runs in both."""
    write_notebook(lab.root / "code.ipynb", SHOW, "Chat('code')")
    asked: list[str] = []
    await context.route(SERVED, lambda route: route.abort())
    notebook = await NotebookPage.open(context, lab, "code.ipynb")
    notebook.page.on("websocket", lambda socket: _watch(socket, asked))
    await notebook.reload()
    await notebook.wait_ready()
    await notebook.run_cell(0)
    await notebook.run_cell(1)
    for index in range(2):
        chat = notebook.chat_in_cell(index)
        await expect(chat.root.locator(".hljs-keyword").first).to_have_text("def")
        colour = "(token) => getComputedStyle(token).color"
        keyword = await chat.root.locator(".hljs-keyword").first.evaluate(colour)
        assert keyword != await chat.root.locator(".bubble code").first.evaluate(colour), (
            "its style came along"
        )
    await chat.root.get_by_role("button", name="Wrap").click()
    await expect(chat.root.locator("code.wraps")).to_have_count(1)
    assert "code" in asked
    assert len(asked) == len(set(asked)), "each part travels once"
    await notebook.page.screenshot(path=screenshots / "code.png")


def _watch(socket: WebSocket, asked: list[str]) -> None:
    def sent(frame: str | bytes) -> None:
        text = frame if isinstance(frame, str) else frame.decode(errors="replace")
        asked.extend(CHUNK.findall(text.replace(" ", "")))

    socket.on("framesent", sent)
