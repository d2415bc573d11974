"""The chat in every host of notebooks that runs here, for ``notebooks/reference/hosts.md``.

``pytest -m hosts tests/e2e/jupyter/test_hosts.py`` compares; with ``CONDUIT_WRITE=1`` it writes what it saw.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Error, Page, expect

from conduit_widget.runtime_file import read_runtime
from tests.support.browser.acting import HELD, House, configure
from tests.support.browser.notebook_page import ChatPart
from tests.support.hub.local_process import stop_hub
from tests.support.jupyter.notebook_hosts import HOSTS, NotebookHost, keeps, read_row, version_of, write_row
from tests.support.kernel.environment import python_with
from tests.support.network.raw_http_server import RawHttpServer
from tests.support.waiting import eventually

pytestmark = pytest.mark.hosts

PATIENCE_MS = 120_000


@pytest.fixture
async def house(data_dir: Path) -> AsyncIterator[House]:
    """The hub's only model."""
    house = House()
    async with RawHttpServer(house) as server:
        configure(data_dir, server.base_url)
        yield house
    runtime = read_runtime(data_dir)
    if runtime is not None:
        stop_hub(runtime.pid)


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.package)
async def test_what_the_page_says_of_a_host_is_so(
    host: NotebookHost, house: House, tmp_path: Path, context: BrowserContext, screenshots: Path
) -> None:
    """Live, streaming, stopped, kept in the file, there again after a reload."""
    python = sys.executable if host.is_installed else await python_with(host.package, host.package)
    (tmp_path / "root").mkdir()
    file = host.write(tmp_path / "root")
    environment = {"CONDUIT_DATA_DIR": str(tmp_path / "data"), "CONDUIT_DETECT": "0"}
    process, address = host.start(python, file, environment)
    try:
        page = await context.new_page()
        await eventually(lambda: _reached(page, address), within=120, what=f"{host.title} answers")
        seen = await _look(page, host, house, file, screenshots)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
    if os.environ.get("CONDUIT_WRITE"):
        write_row(host.title, version_of(host.package, python), seen)
    assert read_row(host.title) == seen


async def _reached(page: Page, address: str) -> bool:
    try:
        answer = await page.goto(address)
    except Error:
        return False  # it does not listen yet
    return answer is not None and answer.ok


async def _run(page: Page, host: NotebookHost, chat: ChatPart) -> None:
    """Run the cell, as the host has one to run; where the chat may stay hidden, until it is seen."""
    if host.ready is None or host.run is None:
        return
    await page.wait_for_function(host.ready, timeout=PATIENCE_MS)
    for _ in range(4 if host.runs_again else 1):
        await page.evaluate(host.run)
        with contextlib.suppress(AssertionError):
            await expect(chat.badge).to_be_visible()
            return


async def _look(page: Page, host: NotebookHost, house: House, file: Path, screenshots: Path) -> list[str]:
    chat = ChatPart(page.locator("section.chat").first)
    await _run(page, host, chat)
    await expect(chat.badge).to_have_text("Live", timeout=PATIENCE_MS)
    await chat.say(f"Please {HELD} it in the middle.")
    answer = chat.root.locator("article.answer .body")
    await expect(answer).to_have_text("This is answer 1.")
    await chat.stop_button.click()
    await expect(chat.root.locator("article.answer.open")).to_have_count(0)
    house.go_on.set()
    await chat.say("And another one.")
    await expect(answer.last).to_have_text("This is answer 2. It ends here.")
    await page.screenshot(path=screenshots / f"host-{host.package}.png")
    kept = "has no file"
    save = host.save
    if save is not None:

        async def is_kept() -> bool:
            await page.evaluate(save)
            return keeps(file, "This is answer 2. It ends here.")

        await eventually(is_kept, what="the file")
        kept = "yes"
    await page.reload()
    if host.runs_again:
        await _run(page, host, chat)
    await expect(answer.last).to_have_text("This is answer 2. It ends here.", timeout=PATIENCE_MS)
    await expect(chat.badge).to_have_text("Live", timeout=PATIENCE_MS)
    return ["yes", "yes", "yes", kept, "when the cell has run again" if host.runs_again else "yes"]
