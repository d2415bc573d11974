"""The hub is away, in JupyterLab: what was typed is kept, changed, and sent once, by the next kernel."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import BrowserContext, Locator, expect

from tests.support.browser.lab_scripts import THEME
from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.hub.live_hub import LiveHub
from tests.support.hub.reader import read_conversation
from tests.support.jupyter.lab import JupyterLab

KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
NARROW = "(chat) => { chat.getRootNode().host.style.width = '360px'; }"
WIDE = "(chat) => { chat.getRootNode().host.style.width = ''; }"


async def test_messages_typed_while_the_hub_is_away_outlive_the_kernel_and_arrive_once(
    lab: JupyterLab, context: BrowserContext, tmp_path: Path, screenshots: Path
) -> None:
    """Three are typed: one gets other words, one is deleted; two arrive, in order, once."""
    hub = LiveHub(tmp_path / "hub").start()
    where = f"hub_url={hub.url!r}, token={hub.token('ada')!r}"
    write_notebook(
        lab.root / "offline.ipynb",
        f"from conduit_widget import Chat\nchat = Chat('team', {where})\nchat",
        "chat.wait_connected(); chat.send('Said before', respond=False).result()",
    )
    notebook = await NotebookPage.open(context, lab, "offline.ipynb")
    try:
        await notebook.run_cell(0)
        await notebook.run_cell(1)
        chat = notebook.chat
        await expect(chat.root.locator("article.own").filter(has_text="Said before")).to_have_count(1)
        hub.kill()
        await expect(chat.badge).not_to_have_text("Live")
        for text in ("First thought", "Second thought", "Third thought"):
            await chat.say(text)
        queued = chat.root.locator("header button.queued")
        await expect(queued).to_have_text("queued (3)")
        await expect(chat.root.locator("article.waiting")).to_have_count(3)
        await expect(chat.root.locator(".as-of")).to_contain_text("The hub is away: this is as of")

        await queued.click()
        rows = chat.root.locator(".queue li")
        await expect(rows).to_have_count(3)
        await notebook.page.screenshot(path=screenshots / "offline-light.png")
        await notebook.page.evaluate(THEME, "JupyterLab Dark")
        await expect(notebook.page.locator("#jupyterlab-splash")).to_have_count(0)
        await notebook.page.screenshot(path=screenshots / "offline-dark.png")
        await chat.root.evaluate(NARROW)
        await notebook.page.screenshot(path=screenshots / "offline-360.png")
        await chat.root.evaluate(WIDE)
        await _button(rows.nth(0), "Edit").click()
        await rows.nth(0).locator("textarea").fill("Better first thought")
        await notebook.page.screenshot(path=screenshots / "offline-editing.png")
        await _button(rows.nth(0), "Save").click()
        await expect(rows.nth(0)).to_contain_text("Better first thought")
        await _button(rows.nth(1), "Delete").click()
        await expect(queued).to_have_text("queued (2)")
        await expect(rows).to_have_count(2)

        await notebook.page.evaluate(f"() => {KERNEL}.restart()")
        await expect(chat.badge).to_have_text("Kernel restarted")
        await notebook.run_cell(0)
        chat = notebook.chat
        queued = chat.root.locator("header button.queued")
        await expect(queued).to_have_text("queued (2)")
        await expect(chat.root.locator("article.own").filter(has_text="Said before")).to_have_count(1)
        await expect(chat.root.locator(".as-of")).to_be_visible()
        await expect(chat.root.locator("article.waiting")).to_have_text(
            ["Better first thought" + WAITS, "Third thought" + WAITS]
        )
        await notebook.page.screenshot(path=screenshots / "offline-restarted.png")

        hub.start()
        await chat.wait_live()
        await expect(queued).to_have_count(0)
        await expect(chat.root.locator("article.waiting")).to_have_count(0)
        await expect(chat.root.locator(".as-of")).to_have_count(0)

        async def said() -> list[str]:
            found = await read_conversation(hub.data_dir, "team")
            return [message.text for message in found if message.role == "user"]

        assert await said() == ["Said before", "Better first thought", "Third thought"]
        await expect(chat.root.locator("article.own").filter(has_text="Third thought")).to_have_count(1)
    finally:
        hub.stop()


WAITS = "Queued. It is sent when the hub is back."


def _button(row: Locator, name: str) -> Locator:
    return row.get_by_role("button", name=name, exact=True)
