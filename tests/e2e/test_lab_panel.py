"""The panel of JupyterLab: a chat without a cell or a kernel, from notebook to notebook and over a reload."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import BrowserContext, expect

from tests.support.acting import HELD, House, configure
from tests.support.jupyter_extensions import built_extensions
from tests.support.jupyter_lab import JupyterLab
from tests.support.notebook_page import ChatPart, NotebookPage, write_notebook
from tests.support.raw_http_server import RawHttpServer

OPEN: Final = "path => window.jupyterapp.commands.execute('docmanager:open', {path})"
THEME: Final = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
RESTORED: Final = "() => window.jupyterapp?.restored.then(() => true)"
SAVED: Final = """async () => {
  const response = await fetch('/lab/api/workspaces/panel');
  return (await response.text()).includes('conduit-chat');
}"""


@pytest.fixture
def provider_environment(tmp_path: Path) -> dict[str, str]:
    """Only ``config.toml`` names providers."""
    return {"CONDUIT_DETECT": "0", **built_extensions(tmp_path / "extensions")}


@pytest.fixture
async def house(data_dir: Path) -> AsyncIterator[House]:
    """The hub's only model."""
    house = House()
    async with RawHttpServer(house) as server:
        configure(data_dir, server.base_url)
        yield house


async def test_the_panel_stays_from_notebook_to_notebook_and_comes_back_after_a_reload(
    lab: JupyterLab, house: House, context: BrowserContext, screenshots: Path
) -> None:
    """Opened by the keyboard; another notebook and a reload in mid-answer; other conversations; no server."""
    for name in ("panel", "second"):
        write_notebook(lab.root / f"{name}.ipynb", "1 + 1")
    notebook = await NotebookPage.open(context, lab, "panel.ipynb")
    page = notebook.page
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    chat = ChatPart(page.locator("#conduit-chat section.chat"))
    status = page.locator("#conduit-chat-status")
    await page.keyboard.press("Alt+Shift+C")
    await chat.wait_live()
    await expect(chat.composer).to_be_focused()
    await chat.say(f"Please {HELD} it in the middle.")
    half = chat.root.locator("article.answer.open .body")
    await expect(half).to_have_text("This is answer 1.")
    await expect(status).to_contain_text("house")

    await page.evaluate(OPEN, "second.ipynb")
    await expect(page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")).to_have_count(1)
    await expect(half).to_be_visible()
    await page.wait_for_function(SAVED)
    await page.reload()
    await page.wait_for_function(RESTORED, timeout=60_000)
    await expect(half).to_have_text("This is answer 1.")
    house.go_on.set()
    await expect((await chat.wait_answer()).locator(".body")).to_have_text("This is answer 1. It ends here.")
    await page.screenshot(path=screenshots / "lab-panel.png")

    await chat.root.get_by_role("button", name="Conversations: main").click()
    await expect(chat.root.get_by_role("list", name="Conversations").get_by_text("main")).to_be_visible()
    await page.screenshot(path=screenshots / "lab-panel-conversations.png")
    await chat.root.get_by_role("button", name="New conversation").click()
    await chat.root.get_by_label("Name of the new conversation").fill("Plans")
    await page.keyboard.press("Enter")
    plans = chat.root.get_by_role("button", name="Conversations: Plans")
    await expect(plans).to_be_visible()
    await page.reload()
    await page.wait_for_function(RESTORED, timeout=60_000)
    await expect(plans).to_be_visible(timeout=60_000)
    await page.evaluate(THEME, "JupyterLab Dark")
    await chat.say("What is the plan?")
    await chat.wait_answer()
    await page.screenshot(path=screenshots / "lab-panel-dark.png")

    lab.stop()
    await expect(chat.root.get_by_text("This page has lost the Jupyter server.")).to_be_visible()
    await page.screenshot(path=screenshots / "lab-panel-offline.png")
    assert problems == []
