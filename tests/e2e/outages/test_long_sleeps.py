"""A laptop that sleeps for longer than anybody waits.

Run by ``pytest -m soak tests/e2e/outages/test_long_sleeps.py``.

The servers' own patience: 60 s until the Jupyter server gives up a page, 30 s and 60 s at the hub and its
clients, 15 s between the pieces of an answer.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import BrowserContext

from conduit_widget.runtime_file import read_runtime
from tests.support.browser.acting import HELD, House
from tests.support.browser.cell_and_panel import CellAndPanel
from tests.support.jupyter.lab import JupyterLab
from tests.support.processes.sleeping import browsers, sleep, with_children

pytestmark = [pytest.mark.soak, pytest.mark.usefixtures("extensions")]

SECONDS: Final = {"browser": 130.0, "laptop": 70.0}


@pytest.mark.parametrize("what", SECONDS)
async def test_nothing_is_missed_by_who_sleeps_long(
    lab: JupyterLab, house: House, context: BrowserContext, data_dir: Path, what: str
) -> None:
    """Asleep in mid-answer; both places have all of it, and go on."""
    both = await CellAndPanel.open(context, lab, data_dir)
    runtime = read_runtime(data_dir)
    assert runtime is not None
    others = with_children(lab.process.pid, runtime.pid) if what == "laptop" else []
    await both.panel.say(f"Please {HELD} it in the middle.")
    await both.both_begin("This is answer 1.")
    asyncio.get_running_loop().call_later(0.5, house.go_on.set)
    await sleep([*browsers(), *others], SECONDS[what])
    await both.is_whole(messages=2)
    await both.cell.say("Awake again.")
    await both.panel.say("Here, too.")
    await both.is_whole(messages=6)
