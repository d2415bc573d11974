"""What a notebook keeps of a chat, in a real JupyterLab: saved, exported, and opened without a kernel."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, expect

from tests.support.browser.lab_scripts import OPEN
from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.jupyter.lab import JupyterLab
from tests.support.waiting import eventually

SHOW = "from conduit_widget import Chat\nchat = Chat('kept', user_name='Ada')\nchat"
SAY = "chat.send('said <b>before</b> it was saved', respond=False).result(60)"
CLOSE = "() => window.jupyterapp.commands.execute('application:close')"
IS_TRUSTED = "() => window.jupyterapp.shell.currentWidget.content.model.cells.get(0).trusted"
TRUST = "() => void window.jupyterapp.commands.execute('notebook:trust')"
SHUT_DOWN = "() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"


async def test_saved_conversation_is_readable_without_a_kernel(
    lab: JupyterLab, context: BrowserContext, screenshots: Path
) -> None:
    """Live there is the view alone; in the file, the exports and without a kernel the words are there."""
    path = lab.root / "kept.ipynb"
    write_notebook(path, SHOW, SAY)
    notebook = await NotebookPage.open(context, lab, "kept.ipynb")
    await notebook.run_cell(0)
    await notebook.chat.wait_live()
    await notebook.run_cell(1)
    transcript = notebook.page.locator(".conduit-transcript")
    await expect(transcript).to_contain_text("said <b>before</b> it was saved")
    await expect(transcript).to_be_hidden()
    await notebook.page.screenshot(path=screenshots / "saved-live.png")

    async def kept() -> bool:
        await notebook.save()
        return "said &lt;b&gt;before&lt;/b&gt; it was saved" in path.read_text(encoding="utf-8")

    await eventually(kept, within=60, what="the file has the conversation")
    saved: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert "createStore" not in json.dumps(saved)
    assert len(json.dumps(saved)) < 50_000, "no browser part in the file"
    for exporter in ("html", "markdown"):
        command = [sys.executable, "-m", "nbconvert", "--to", exporter, "--stdout", str(path)]
        exported = (await asyncio.to_thread(subprocess.check_output, command)).decode()
        assert "said &lt;b&gt;before&lt;/b&gt; it was saved" in exported
        assert "Connecting" not in exported
    await notebook.page.evaluate(SHUT_DOWN)
    await notebook.reload()
    await expect(notebook.page.locator(".conduit-transcript")).to_be_visible()
    await expect(notebook.page.locator(".jp-Notebook")).not_to_contain_text("Connecting")
    await notebook.page.screenshot(path=screenshots / "saved-without-kernel.png")


async def test_somebody_who_does_not_trust_a_notebook_reads_it_and_sees_it_live_once_they_do(
    lab: JupyterLab, context: BrowserContext, screenshots: Path
) -> None:
    """Another person's notebook: the words without trust, with and without its kernel; then the view."""
    path = lab.root / "foreign.ipynb"
    write_notebook(path, SHOW, SAY)
    notebook = await NotebookPage.open(context, lab, "foreign.ipynb")
    page = notebook.page
    await notebook.run_cell(0)
    await notebook.chat.wait_live()
    await notebook.run_cell(1)

    async def kept() -> bool:
        await notebook.save()
        return "it was saved" in path.read_text(encoding="utf-8")

    await eventually(kept, within=60, what="the file has the conversation")
    transcript = page.locator(".conduit-transcript")
    await page.evaluate(CLOSE)
    await expect(page.locator(".jp-NotebookPanel")).to_have_count(0)
    _sign_no_more(path)
    await page.evaluate(OPEN, "foreign.ipynb")
    await notebook.wait_ready()
    assert not await page.evaluate(IS_TRUSTED)
    await expect(transcript).to_be_visible()
    await expect(transcript).to_contain_text("Ada")
    await expect(transcript).to_contain_text("said <b>before</b> it was saved")
    await expect(notebook.chat.root).to_have_count(0)
    await page.screenshot(path=screenshots / "untrusted.png")

    await page.evaluate(TRUST)
    await page.get_by_role("dialog").get_by_role("button", name="Trust").click()
    await notebook.reload()
    await notebook.chat.wait_live()
    await expect(transcript).to_be_hidden()

    await page.evaluate(SHUT_DOWN)
    await page.evaluate(CLOSE)
    await expect(page.locator(".jp-NotebookPanel")).to_have_count(0)
    _sign_no_more(path)
    await page.evaluate(OPEN, "foreign.ipynb")
    await expect(transcript).to_be_visible()
    assert not await page.evaluate(IS_TRUSTED)
    await expect(notebook.chat.root).to_have_count(0)


def _sign_no_more(path: Path) -> None:
    """Change the file as another person's editor does: its signature holds no more."""
    saved = json.loads(path.read_text(encoding="utf-8"))
    cell = saved["cells"][0]
    cell["metadata"]["seen"] = cell["metadata"].get("seen", 0) + 1
    path.write_text(json.dumps(saved), encoding="utf-8")
