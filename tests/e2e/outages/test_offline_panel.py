"""The panel of JupyterLab while the Jupyter server is away, and while the hub is: nothing typed is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import BrowserContext, FilePayload, Locator, Page, expect

from tests.support.browser.lab_scripts import REMEMBER
from tests.support.browser.notebook_page import ChatPart, NotebookPage, write_notebook
from tests.support.hub.live_hub import LiveHub
from tests.support.hub.reader import read_conversation
from tests.support.jupyter.extensions import built_extensions
from tests.support.jupyter.lab import JupyterLab
from tests.support.waiting import eventually

REVEAL: Final = "() => window.jupyterapp.commands.execute('conduit-chat:open')"
THEME: Final = "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
CHUNKS: Final = """() => ['queue', 'sheets', 'finding', 'files'].every((name) =>
  performance.getEntriesByType('resource').some((each) => each.name.includes(`${name}.chunk.gz`)))"""
SERVER_AWAY: Final = "The Jupyter server is away: this is as of"
HUB_AWAY: Final = "The hub is away: this is as of"
FIGURES: Final = b"a,b\n1,2\n"
LONG: Final = 60_000
"""Milliseconds: whoever tries again waits ever longer."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LiveHub]:
    """A hub of its own, which can be killed without anybody starting another one."""
    hub = LiveHub(tmp_path / "hub").start()
    yield hub
    hub.stop()


@pytest.fixture
def provider_environment(tmp_path: Path, hub: LiveHub) -> dict[str, str]:
    """The server's pages and kernels use the hub."""
    return {
        **{"CONDUIT_HUB_URL": hub.url, "CONDUIT_HUB_TOKEN": hub.token("ada")},
        **built_extensions(tmp_path / "extensions"),
    }


async def open_panel(context: BrowserContext, lab: JupyterLab) -> tuple[Page, ChatPart]:
    """Open a page with the panel, connected; what is drawn while the server is away has come."""
    write_notebook(lab.root / "offline.ipynb", "1 + 1")
    notebook = await NotebookPage.open(context, lab, "offline.ipynb")
    # JupyterLab says itself, once, that its server is away.
    dialog = notebook.page.locator(".jp-Dialog")
    await notebook.page.add_locator_handler(dialog, _close, no_wait_after=True)
    await notebook.page.evaluate(REMEMBER, "main")
    await notebook.page.evaluate(REVEAL)
    chat = ChatPart(notebook.page.locator("#conduit-chat section.chat"))
    await chat.wait_live()
    await notebook.page.wait_for_function(CHUNKS)
    return notebook.page, chat


async def said(hub: LiveHub) -> list[str]:
    """Return what people have said in the hub's conversation."""
    return [each.text for each in await read_conversation(hub.data_dir, "main") if each.role == "user"]


async def all_said(hub: LiveHub, words: list[str]) -> None:
    """Wait until the hub has these words of people, in order, each once."""

    async def has() -> bool:
        return await said(hub) == words

    try:
        await eventually(has, within=60, what="the hub has what was said")
    finally:
        assert await said(hub) == words


def queued(chat: ChatPart) -> Locator:
    """Return how much waits, as the panel says it."""
    return chat.root.locator("header button.queued")


def said_here(chat: ChatPart) -> Locator:
    """Return one's own messages; the model's may repeat their words."""
    return chat.root.locator("article.own")


async def test_what_is_typed_in_the_panel_while_the_server_is_away_is_sent_once(
    lab: JupyterLab, hub: LiveHub, context: BrowserContext, screenshots: Path
) -> None:
    """Three are typed; one gets other words, one goes first, one goes; the page is closed on the fourth."""
    page, chat = await open_panel(context, lab)
    await chat.say("Said before")
    await expect(said_here(chat).filter(has_text="Said before")).to_have_count(1)
    await all_said(hub, ["Said before"])
    await asyncio.to_thread(lab.kill)
    await expect(chat.root.get_by_text("This page has lost the Jupyter server.")).to_be_visible(timeout=LONG)
    for text in ("First thought", "Second thought", "Third thought"):
        await chat.say_at_once(text)
    await expect(queued(chat)).to_have_text("queued (3)")
    await expect(chat.root.locator("article.waiting")).to_have_count(3)
    await expect(chat.root.locator(".as-of")).to_contain_text(SERVER_AWAY)
    await page.screenshot(path=screenshots / "offline-panel-light.png")
    await queued(chat).click()
    rows = chat.root.locator(".queue ol > li")
    await expect(rows).to_have_count(3)
    await page.screenshot(path=screenshots / "offline-panel-list.png")
    await _button(rows.nth(0), "Edit").click()
    await rows.nth(0).locator("textarea").fill("Better first thought")
    await _button(rows.nth(0), "Save").click()
    await expect(rows.nth(0)).to_contain_text("Better first thought")
    await _button(rows.nth(2), "Send earlier").click()
    await expect(rows.nth(1)).to_contain_text("Third thought")
    await _button(rows.nth(2), "Delete").click()
    await expect(queued(chat)).to_have_text("queued (2)")
    assert await said(hub) == ["Said before"]

    await asyncio.to_thread(lab.start_again)
    await expect(queued(chat)).to_have_count(0, timeout=LONG)
    await chat.wait_live()
    spoken = ["Said before", "Better first thought", "Third thought"]
    await all_said(hub, spoken)
    await expect(chat.root.locator("article.waiting")).to_have_count(0)
    await expect(chat.root.locator(".as-of")).to_have_count(0)
    await expect(said_here(chat).filter(has_text="Third thought")).to_have_count(1)

    await page.evaluate(THEME, "JupyterLab Dark")
    await expect(page.locator("#jupyterlab-splash")).to_have_count(0)
    await asyncio.to_thread(lab.kill)
    await expect(chat.root.locator(".as-of")).to_contain_text(SERVER_AWAY, timeout=LONG)
    await chat.say_at_once("And goodbye")
    await expect(queued(chat)).to_have_text("queued (1)")
    await queued(chat).click()
    await page.screenshot(path=screenshots / "offline-panel-dark.png")
    await page.close()
    await asyncio.to_thread(lab.start_again)
    page, chat = await open_panel(context, lab)
    await all_said(hub, [*spoken, "And goodbye"])
    await expect(queued(chat)).to_have_count(0)
    await expect(said_here(chat).filter(has_text="And goodbye")).to_have_count(1)


async def test_two_tabs_send_what_waits_once(lab: JupyterLab, hub: LiveHub, context: BrowserContext) -> None:
    """Each shows what the other has typed; the server is back for both."""
    _, one = await open_panel(context, lab)
    _, other = await open_panel(context, lab)
    await asyncio.to_thread(lab.kill)
    for chat, words in ((one, "From the one"), (other, "From the other")):
        await expect(chat.root.locator(".as-of")).to_contain_text(SERVER_AWAY, timeout=LONG)
        await chat.say_at_once(words)
    for chat in (one, other):
        await expect(queued(chat)).to_have_text("queued (2)")
    await asyncio.to_thread(lab.start_again)
    await all_said(hub, ["From the one", "From the other"])
    for chat in (one, other):
        await expect(queued(chat)).to_have_count(0, timeout=LONG)
        await expect(said_here(chat).filter(has_text="From the")).to_have_count(2)


async def test_what_is_typed_in_the_panel_while_the_hub_is_away_outlives_the_server(
    lab: JupyterLab, hub: LiveHub, context: BrowserContext, screenshots: Path
) -> None:
    """The Jupyter server keeps it on disk, over its own end, with what the browser adds meanwhile."""
    page, chat = await open_panel(context, lab)
    await chat.say("Said before")
    await all_said(hub, ["Said before"])
    hub.kill()
    await expect(chat.badge).not_to_have_text("Live")
    for text in ("First thought", "Second thought"):
        await chat.say(text)
    await expect(queued(chat)).to_have_text("queued (2)")
    await expect(chat.root.locator(".as-of")).to_contain_text(HUB_AWAY)
    await queued(chat).click()
    rows = chat.root.locator(".queue ol > li")
    await _button(rows.nth(0), "Edit").click()
    await rows.nth(0).locator("textarea").fill("Better first thought")
    await _button(rows.nth(0), "Save").click()
    await expect(rows.nth(0)).to_contain_text("Better first thought")
    await chat.root.locator("input[type=file]").set_input_files(
        {"name": "figures.csv", "mimeType": "text/csv", "buffer": FIGURES}
    )
    await expect(chat.root.locator(".upload[data-state=done] .name")).to_have_text(
        "figures.csv", timeout=LONG
    )
    await chat.say("With a file")
    await expect(rows.nth(2)).to_contain_text("figures.csv")

    await asyncio.to_thread(lab.kill)
    await expect(chat.root.locator(".as-of")).to_contain_text(SERVER_AWAY, timeout=LONG)
    await chat.say_at_once("Third thought")
    await expect(queued(chat)).to_have_text("queued (4)")
    await page.screenshot(path=screenshots / "offline-panel-both-away.png")
    await asyncio.to_thread(lab.start_again)
    await expect(chat.root.locator(".as-of")).to_contain_text(HUB_AWAY, timeout=LONG)
    await expect(said_here(chat).filter(has_text="Said before")).to_have_count(1)
    await expect(queued(chat)).to_have_text("queued (4)")
    await expect(rows).to_have_count(4)
    hub.start()
    await all_said(
        hub, ["Said before", "Better first thought", "Second thought", "With a file", "Third thought"]
    )
    file = said_here(chat).filter(has_text="With a file").locator(".file .name")
    await expect(file).to_have_text("figures.csv", timeout=LONG)
    await expect(queued(chat)).to_have_count(0, timeout=LONG)


async def test_files_that_are_attached_while_the_server_is_away_go_with_their_message(
    lab: JupyterLab, hub: LiveHub, context: BrowserContext, screenshots: Path
) -> None:
    """The page is closed on them; what the hub has in the end is every byte of what was picked."""
    content = bytes(range(256)) * 4_000
    page, chat = await open_panel(context, lab)
    await asyncio.to_thread(lab.kill)
    await expect(chat.root.locator(".as-of")).to_contain_text(SERVER_AWAY, timeout=LONG)
    picked: list[FilePayload] = [
        {"name": "figures.csv", "mimeType": "text/csv", "buffer": FIGURES},
        {"name": "large.bin", "mimeType": "application/octet-stream", "buffer": content},
    ]
    await chat.root.locator("input[type=file]").set_input_files(picked)
    await expect(chat.root.locator(".upload[data-state=done]")).to_have_count(2, timeout=LONG)
    await chat.say_at_once("With two files")
    await expect(queued(chat)).to_have_text("queued (1)")
    await expect(chat.root.locator("article.waiting .file-names")).to_contain_text("large.bin")
    await page.screenshot(path=screenshots / "offline-panel-files.png")
    await page.close()

    await asyncio.to_thread(lab.start_again)
    page, chat = await open_panel(context, lab)
    await all_said(hub, ["With two files"])
    await expect(queued(chat)).to_have_count(0, timeout=LONG)
    files = said_here(chat).filter(has_text="With two files").locator(".file")
    await expect(files.locator(".name")).to_have_text(["figures.csv", "large.bin"], timeout=LONG)
    async with page.expect_download() as saving:
        await files.nth(1).get_by_role("button", name="Download large.bin").click()
    saved = Path(await (await saving.value).path())
    assert await asyncio.to_thread(saved.read_bytes) == content


async def _close(dialog: Locator) -> None:
    await dialog.get_by_role("button").last.click()


def _button(row: Locator, name: str) -> Locator:
    return row.get_by_role("button", name=name, exact=True)
