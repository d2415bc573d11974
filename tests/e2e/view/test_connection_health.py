"""The view of a connection in JupyterLab: by itself in a cell, live, and honest when the hub is gone."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import BrowserContext, expect

from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.hub.live_hub import LiveHub
from tests.support.jupyter.lab import JupyterLab

DARK = "window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"


async def test_connection_health_stands_alone_and_follows_the_hub(
    lab: JupyterLab, context: BrowserContext, screenshots: Path, tmp_path: Path
) -> None:
    """A cell of its own has the figures; a killed hub is seen, a new one found, narrow and dark too."""
    hub = LiveHub(tmp_path / "hub").start()
    try:
        token = hub.token("ada")
        write_notebook(
            lab.root / "health.ipynb",
            "from conduit_widget import ConnectionHealth\n"
            f"ConnectionHealth(hub_url={hub.url!r}, token={token!r})",
        )
        notebook = await NotebookPage.open(context, lab, "health.ipynb")
        await notebook.run_cell(0)
        view = notebook.page.locator("section.health")
        await expect(view.locator(".badge")).to_have_text("Live")
        await expect(view.locator("dd").nth(2)).to_contain_text(" ms")
        await expect(view.locator("dd").nth(1)).to_have_text("WebSockets")
        await view.screenshot(path=screenshots / "health-light.png")
        await notebook.page.evaluate(DARK)
        await expect(view.locator(".badge")).to_have_text("Live")
        await view.screenshot(path=screenshots / "health-dark.png")
        hub.kill()
        await expect(view.locator(".badge")).to_contain_text("Reconnecting")
        await expect(view.get_by_role("status")).to_be_visible()
        await view.screenshot(path=screenshots / "health-reconnecting-dark.png")
        hub.start()
        await view.get_by_role("button", name="Now").click()
        await expect(view.locator(".badge")).to_have_text("Live")
        await expect(view.locator("dd").nth(5)).to_have_text("1")
        await notebook.page.set_viewport_size({"width": 520, "height": 800})
        box = await view.bounding_box()
        assert box is not None
        assert await view.evaluate("element => element.scrollWidth <= element.clientWidth")
        await view.screenshot(path=screenshots / "health-narrow.png")
    finally:
        hub.stop()
