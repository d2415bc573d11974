"""Variables of the kernel in a message: completed, shown before they go, then read by the model."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, expect

from tests.support.browser.acting import House, button, configure
from tests.support.browser.lab_scripts import THEME
from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.jupyter.lab import JupyterLab
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest

pytestmark = pytest.mark.usefixtures("only_configured")

DATA = """
import numpy as np, pandas as pd
rng = np.random.default_rng(1)
trees = pd.DataFrame({"height": rng.normal(9, 2, 150), "kind": rng.choice(["oak", "elm"], 150)})
settings = {"api_key": "sk-abcdefghijklmnopqrstuvwxyz", "rows": 150}
class Hostile:
    def __llm__(self): raise SystemExit("touched")
    __repr__ = __len__ = __llm__
hostile = Hostile()
"""
CHAT = "from conduit_widget import Chat\nchat = Chat('trees')\nchat"
PLOT = """
import matplotlib.pyplot as plt
fig, ax = plt.subplots()
lines = ax.plot(trees.height)
ax.set_title("Heights");
"""
FAIL = "trees['age']"


class Reader(House):
    """A model that keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Any] = []

    async def __call__(self, request: RawRequest, reply: RawReply) -> None:
        """Answer a request."""
        if request.method == "POST":
            self.asked.append(request.json["messages"][-1]["content"])
        await super().__call__(request, reply)


@pytest.fixture
async def reader(data_dir: Path) -> AsyncIterator[Reader]:
    """The hub's only model."""
    model = Reader()
    async with RawHttpServer(model) as server:
        configure(data_dir, server.base_url)
        yield model


async def test_variables_go_along_as_they_were_shown(
    lab: JupyterLab, reader: Reader, context: BrowserContext, screenshots: Path
) -> None:
    """A table, a setting with a masked key, a plot as a picture, the newest error; what was removed stays."""
    write_notebook(lab.root / "trees.ipynb", DATA, CHAT, PLOT, FAIL)
    notebook = await NotebookPage.open(context, lab, "trees.ipynb")
    for cell in range(4):
        await notebook.run_cell(cell)
    page, chat = notebook.page, notebook.chat
    await chat.wait_live()
    field = chat.root.locator(".field textarea")
    await field.click()

    await field.press_sequentially("What stands out in @tr", delay=5)
    offered = chat.root.get_by_role("option")
    await expect(offered.first).to_have_text(
        re.compile(r"treesDataFrame · 150 × 2 · 2\.\d kB")
    )  # by how pandas holds texts
    await page.screenshot(path=screenshots / "context-completion.png")
    await field.press("Enter")
    await field.press_sequentially("and @settings or @hostile ?", delay=5)
    tray = chat.root.get_by_role("region", name="Goes along for the model")
    rows = tray.locator(".context-item")
    await expect(rows).to_have_count(3)
    await expect(rows.nth(0)).to_contain_text("DataFrame, 150 rows × 2 columns")
    await expect(rows.nth(1)).to_contain_text("secrets masked")
    await expect(rows.nth(2)).to_contain_text("It could not be described: SystemExit")
    await button(tray, "Leave out @hostile").click()
    await rows.nth(0).locator(".fold").click()
    assert "- kind: " in await rows.nth(0).locator("textarea").input_value()
    await page.screenshot(path=screenshots / "context-tray.png")
    await field.press("Enter")
    await chat.wait_answer()
    asked = reader.asked[-1]
    assert asked.startswith(
        "What stands out in @trees and @settings or @hostile ?\n\n@trees: DataFrame, 150 rows"
    )
    assert "'api_key': [masked]" in asked
    assert "sk-abc" not in asked
    question = chat.messages.first
    await expect(question.locator(".bubble")).to_have_text(
        "What stands out in @trees and @settings or @hostile ?"
    )
    await expect(question.locator(".went-along summary")).to_have_count(2)
    await question.locator(".went-along summary").first.click()
    await page.screenshot(path=screenshots / "context-sent.png")

    await field.fill("Explain @fig and @error please")
    await expect(rows).to_have_count(2)
    await expect(rows.nth(1)).to_contain_text("KeyError with its code")
    await rows.nth(0).locator(".fold").click()
    await expect(rows.nth(0).locator("img")).to_be_visible()
    await expect(rows.nth(1)).not_to_contain_text("masked")
    await page.evaluate(THEME, "JupyterLab Dark")
    await expect(page.locator("#jupyterlab-splash")).to_have_count(0)
    await page.screenshot(path=screenshots / "context-plot-dark.png")
    await page.set_viewport_size({"width": 640, "height": 800})
    await rows.nth(0).scroll_into_view_if_needed()
    await page.screenshot(path=screenshots / "context-narrow.png")
    await field.press("Enter")
    await chat.wait_answer(2)
    parts = reader.asked[-1]
    assert [part["type"] for part in parts if part["type"] == "image_url"] == ["image_url"]
    assert parts[-1]["text"].endswith("KeyError: 'age'\n```")
