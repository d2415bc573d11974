"""Whatever goes away in mid-answer and comes back: the transcript is whole, in the cell and in the panel.

The ordinary run has one of each kind; ``pytest -m soak tests/e2e/outages/test_interruptions.py`` has
the others.
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import BrowserContext, expect

from conduit_widget.runtime_file import read_runtime
from tests.support.browser.acting import HELD, House
from tests.support.browser.cell_and_panel import RESTART, SHUT_DOWN, CellAndPanel
from tests.support.hub.local_process import kill_hub
from tests.support.jupyter.extensions import built_extensions
from tests.support.jupyter.lab import JupyterLab
from tests.support.network.fault_proxy import Fault, fault_proxy
from tests.support.processes.sleeping import browsers, sleep, with_children

ASK: Final = f"Please {HELD} it in the middle."
PINGS: Final = {"ServerApp": {"tornado_settings": {"ws_ping_interval": 4_000, "ws_ping_timeout": 4_000}}}
"""The Jupyter server gives up a page that is silent after eight seconds; by itself after a minute."""


@pytest.fixture
def provider_environment(tmp_path: Path) -> dict[str, str]:
    """Only ``config.toml`` names providers."""
    environment = built_extensions(tmp_path / "extensions")
    (tmp_path / "extensions" / "jupyter_server_config.json").write_text(json.dumps(PINGS))
    return {"CONDUIT_DETECT": "0", **environment}


@pytest.fixture
async def both(lab: JupyterLab, house: House, context: BrowserContext, data_dir: Path) -> CellAndPanel:
    """The page."""
    return await CellAndPanel.open(context, lab, data_dir)


async def begin(both: CellAndPanel, house: House) -> None:
    """Ask in the panel; the answer is in the middle, in both places."""
    house.go_on.clear()
    number = house.answers + 1
    await both.panel.say(ASK)
    await both.both_begin(f"This is answer {number}.")


async def test_a_page_reloaded_and_a_notebook_reopened(both: CellAndPanel, house: House) -> None:
    """The answer goes on where it was, and ends in both places."""
    await begin(both, house)
    await both.reopen_notebook()
    await both.both_begin("This is answer 1.")
    house.go_on.set()
    await both.is_whole(messages=2)

    await begin(both, house)
    await both.notebook.save()
    await both.notebook.reload()
    await both.both_begin("This is answer 2.")
    house.go_on.set()
    await both.is_whole(messages=4)
    await both.reopen_notebook()
    await both.is_whole(messages=4)
    await both.notebook.reload()
    await both.is_whole(messages=4)


# Not in the ordinary run: now and then Jupyter Server takes the page's first message after the restart for
# one of its older protocol, drops the connection (struct.error), and the page's kernel stays "unknown".
@pytest.mark.soak
async def test_a_kernel_restarted_and_shut_down_in_mid_answer(
    both: CellAndPanel, house: House, screenshots: Path
) -> None:
    """The panel goes on without it; the cell keeps what it showed, and has all when it is run again."""
    await begin(both, house)
    await both.page.evaluate(RESTART)
    await expect(both.cell.badge).not_to_have_text("Live")
    house.go_on.set()
    await both.is_whole(both.panel, messages=2)
    assert [text for _, text in await both.cell.texts()] == [ASK, "This is answer 1."]
    await both.page.screenshot(path=screenshots / "kernel-restarted.png")
    await both.notebook.wait_ready()
    await both.notebook.run_cell(0)
    await both.is_whole(messages=2)

    await begin(both, house)
    await both.page.evaluate(SHUT_DOWN)
    await expect(both.cell.badge).not_to_have_text("Live")
    house.go_on.set()
    await both.is_whole(both.panel, messages=4)
    shown = [text for _, text in await both.cell.texts()]
    assert shown == [ASK, "This is answer 1. It ends here.", ASK, "This is answer 2."]
    await both.page.screenshot(path=screenshots / "kernel-shut-down.png")
    await both.panel.say("Still there?")
    await both.is_whole(both.panel, messages=6)


async def test_nothing_looks_alive_in_a_cell_whose_kernel_was_shut_down(
    both: CellAndPanel, house: House, screenshots: Path
) -> None:
    """Neither Stop nor Pause, nor an answer that is loading; the panel, which needs no kernel, has them."""
    await begin(both, house)
    offered = [
        chat.root.get_by_role("button", name=re.compile("^(Stop|Pause)$")) for chat in (both.cell, both.panel)
    ]
    for buttons in offered:
        await expect(buttons).to_have_count(2)
    await both.page.evaluate(SHUT_DOWN)
    await expect(both.cell.badge).to_have_text("Kernel stopped")
    await expect(offered[0]).to_have_count(0)
    await expect(offered[1]).to_have_count(2)
    await expect(both.cell.root.locator("article.open, .dots, [aria-busy=true]")).to_have_count(0)
    await expect(both.cell.answers.last.locator(".body")).to_have_text("This is answer 1.")
    await both.page.screenshot(path=screenshots / "kernel-stopped.png")
    house.go_on.set()
    await both.is_whole(both.panel, messages=2)


async def test_a_hub_killed_in_mid_answer(both: CellAndPanel, house: House, data_dir: Path) -> None:
    """The next hub has what the last one stored; what was said meanwhile is sent once."""
    await begin(both, house)
    runtime = read_runtime(data_dir)
    assert runtime is not None
    kill_hub(runtime.pid)
    house.go_on.set()  # the model is asked with the first question again, which waits
    await both.panel.say_at_once("Said to nobody.")
    await both.cell.say_at_once("Nor was this.")
    await both.is_whole(messages=6)
    stored = await both.stored()
    assert stored[1].metadata["status"] == "interrupted"
    assert sorted(message.text for message in stored[2:] if message.role == "user") == [
        "Nor was this.",
        "Said to nobody.",
    ]
    await both.panel.say("And on it goes.")
    await both.is_whole(messages=8)


@pytest.mark.parametrize("ends", [pytest.param("stop", marks=pytest.mark.soak), "kill"])
async def test_a_jupyter_server_restarted_in_mid_answer(
    both: CellAndPanel, house: House, lab: JupyterLab, screenshots: Path, ends: str
) -> None:
    """The panel comes back by itself; the cell keeps what it showed, and has all when it is run again."""
    await begin(both, house)
    await both.notebook.save()
    await asyncio.to_thread(getattr(lab, ends))
    await expect(both.panel.badge).not_to_have_text("Live")
    house.go_on.set()
    await asyncio.to_thread(lab.start_again)
    await both.is_whole(both.panel, messages=2)
    assert [text for _, text in await both.cell.texts()] == [ASK, "This is answer 1."]
    await expect(both.cell.badge).not_to_have_text("Live")
    await both.page.screenshot(path=screenshots / f"server-{ends}.png")
    await both.notebook.reload()
    await both.notebook.wait_ready()
    await both.notebook.run_cell(0)
    await both.is_whole(messages=2)


async def test_a_laptop_that_sleeps_in_mid_answer(
    both: CellAndPanel, house: House, lab: JupyterLab, data_dir: Path
) -> None:
    """The browser, for a moment and for longer than the server waits; then all of the laptop."""
    runtime = read_runtime(data_dir)
    assert runtime is not None
    all_of_it = [*browsers(), *with_children(lab.process.pid, runtime.pid)]
    naps = [(browsers(), 1.0), (browsers(), 12.0), (all_of_it, 3.0)]
    for number, (processes, seconds) in enumerate(naps, 1):
        await begin(both, house)
        asyncio.get_running_loop().call_later(0.5, house.go_on.set)
        await sleep(processes, seconds)
        await both.is_whole(messages=2 * number)
    await both.cell.say("Awake again.")
    await both.panel.say("Here, too.")
    await both.is_whole(messages=10)


@pytest.mark.soak
async def test_a_network_that_goes_silent_in_mid_answer(
    lab: JupyterLab, house: House, context: BrowserContext, data_dir: Path
) -> None:
    """Nobody closes the connection and nothing comes: the panel makes another one."""
    async with fault_proxy(lab.port) as proxy:
        both = await CellAndPanel.open(context, lab, data_dir, proxy.port)
        await begin(both, house)
        assert proxy.inflict(Fault.HALF_OPEN, seconds=600)
        house.go_on.set()
        await both.is_whole(both.panel, messages=2)
        await both.panel.say("Again?")
        await both.is_whole(both.panel, messages=4)
        assert proxy.inflict(Fault.HALF_OPEN, seconds=600)
        await both.page.evaluate("() => window.dispatchEvent(new Event('online'))")
        await both.panel.say("And again?")
        await both.is_whole(both.panel, messages=6)
