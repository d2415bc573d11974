"""Many chats in one notebook: the browser part comes once, and the saved file stays small."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import BrowserContext

from tests.support.browser.many_widgets import ManyWidgets, draw_all_cells
from tests.support.jupyter.extensions import built_extensions
from tests.support.jupyter.lab import JupyterLab
from tests.support.waiting import eventually

COUNT: Final = 8
LIMIT: Final = 2_000
"""Bytes in the saved file for each chat, beyond what was said in it."""


@pytest.fixture
def provider_environment(tmp_path: Path) -> dict[str, str]:
    """No model: nobody is asked anything."""
    environment = built_extensions(tmp_path / "extensions")
    draw_all_cells(environment)
    return {"CONDUIT_DETECT": "0", **environment}


async def test_many_chats_are_fetched_once_and_saved_small(
    lab: JupyterLab, context: BrowserContext, screenshots: Path
) -> None:
    """Run, talk, save, reload: the same chats from one fetched part."""
    many = ManyWidgets(lab.root / "many.ipynb", COUNT)
    notebook = await many.open(context, lab)
    for cell in range(COUNT + 1):
        await notebook.run_cell(cell)
    await many.are_live(notebook.page)
    await notebook.run_cell(COUNT + 1)

    async def is_saved() -> bool:
        await notebook.save()
        return f"Said in {COUNT - 1}" in many.path.read_text(encoding="utf-8")

    await eventually(is_saved, within=60, what="the file has all transcripts")
    assert many.growth() < LIMIT
    await notebook.reload()
    await many.are_live(notebook.page)
    assert many.fetched == 1
    await notebook.page.screenshot(path=screenshots / "many-widgets.png")
