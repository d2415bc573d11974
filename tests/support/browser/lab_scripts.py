"""What the tests have a page of JupyterLab or Notebook 7 do, and its palette."""

from __future__ import annotations

from typing import Final

from playwright.async_api import Page, expect

OPEN: Final = "async (path) => { await window.jupyterapp.commands.execute('docmanager:open', {path}); }"
THEME: Final = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
REMEMBER: Final = """(conversation) => localStorage.setItem(
  `conduit-widget:panel:${window.jupyterapp.serviceManager.serverSettings.baseUrl}`, conversation)"""
"""Where somebody left off in the panel of this browser."""
SELECT: Final = "index => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = index; }"
RESTORED: Final = """() => window.jupyterapp?.restored
  .then(() => document.querySelector('.jp-mod-restoring') === null)"""
"""For ``wait_for_function``: the page shows what it showed before it was loaded again.

The notebook that the page's address names is opened last, once the file browser is restored: what a test
opened before that would go behind it.
"""
SOURCES: Final = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .map((cell) => cell.model.sharedModel.getSource())"""
PALETTE: Final = "() => window.jupyterapp.commands.execute('apputils:activate-command-palette')"


async def choose_command(page: Page, words: str) -> None:
    """Choose a command in the palette."""
    await page.evaluate(PALETTE)
    palette = page.locator(".lm-CommandPalette")
    await palette.locator("input").fill(words)
    # Others are in its place until the palette has searched.
    await expect(palette.locator(".lm-CommandPalette-item")).to_have_count(1)
    await palette.locator(".lm-CommandPalette-item", has_text=words).click()
    await expect(palette).to_be_hidden()
