"""``python -m tests.load view``: the work of the chat's view in a real Chromium.

Times are those of the page's main thread, in ms of its processor. ``ours``: of its scripts and the layout
they ask for, a frame; ``all``: the browser's styles, layout and painting too; ``late`` counts frames that
came after more than one and a half of 16.7 ms. ``whole`` is our own Markdown read and drawn anew for every
picture, Streamdown the same answer in React.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, async_playwright

from tests.load import view_runs as runs
from tests.load.view_text import comm_messages, long_answer
from tests.load.view_trace import Work
from tests.support.chromium import FLAGS, ensure_chromium
from tests.support.node import find_node, npm_ci, run_script

PEERS: Final = Path(__file__).parent / "view_peers"
JS: Final = PEERS.parents[2] / "js"
SLOW, FAST = 200.0, 1000.0
P95_GOALS: Final = {SLOW: 3.0, FAST: 6.0}
LONGEST_TASK: Final = 50.0
CPU_SHARE: Final = 0.25
FIRST_PAINT: Final = 150.0
COMM_SHARE: Final = 1.5
PARTS: Final = ("streams", "comm", "long")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``view``."""
    parser.add_argument("--tokens", type=int, default=20_000, help="tokens of the answer")
    parser.add_argument("--messages", type=int, default=10_000, help="messages of the long conversation")
    parser.add_argument("--only", choices=PARTS, help="one part of the measurements")
    parser.add_argument("--peers", action="store_true", help="beside Streamdown, installed from npm")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 1 when a goal was missed."""
    missed = asyncio.run(_measure(arguments))
    for line in missed:
        print(f"missed: {line}")
    return int(bool(missed))


async def _measure(arguments: argparse.Namespace) -> list[str]:
    wanted = (arguments.only,) if arguments.only else PARTS
    missed = _comm(arguments.tokens) if "comm" in wanted else []
    if wanted == ("comm",):
        return missed
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=ensure_chromium(), args=FLAGS)
        try:
            if "streams" in wanted:
                missed += await _streams(browser, arguments)
            if "long" in wanted:
                missed += await _long(browser, arguments.messages)
        finally:
            await browser.close()
    return missed


async def _streams(browser: Browser, arguments: argparse.Namespace) -> list[str]:
    pieces = long_answer(arguments.tokens)
    size = len("".join(pieces).encode())
    print(f"an answer of {len(pieces)} tokens, {size / 1000:.0f} kB")
    print(
        f"{'run':<24}{'ours p50':>9}{'p95':>7}{'p99':>7}"
        f"{'all p50':>9}{'p95':>7}{'task':>7}{'late':>11}{'cpu s':>7}"
    )
    missed: list[str] = []
    context = await browser.new_context(viewport=runs.VIEWPORT)
    for rate, goal in P95_GOALS.items():
        work = await runs.stream(browser, context, pieces, rate)
        _row(f"{rate:.0f} a second", work)
        if work.percentile(95) > goal:
            missed.append(
                f"p95 of our work a frame at {rate:.0f} a second: {work.percentile(95):.1f} > {goal} ms"
            )
        if work.longest > LONGEST_TASK:
            missed.append(
                f"the longest task at {rate:.0f} a second: {work.longest:.0f} > {LONGEST_TASK:.0f} ms"
            )
    sent = comm_messages(pieces, FAST, ["a0"])
    with tempfile.TemporaryDirectory(prefix="conduit-view-") as folder:
        again = await runs.whole(browser, context, await _bundled("whole.tsx", folder), sent)
        _row("whole, 1000 a second", again)
        if arguments.peers:
            npm_ci(PEERS, find_node())
            peer = await runs.whole(browser, context, await _bundled("streamdown.jsx", folder), sent)
            _row("Streamdown, 1000", peer)
    share = sum(work.ours) / sum(again.ours)
    print(f"processor of our scripts at 1000 a second, of whole: {share:.0%}")
    if share > CPU_SHARE:
        missed.append(f"processor: {share:.0%} of whole > {CPU_SHARE:.0%}")
    _row("10 answers, 200 each", await runs.stream(browser, context, pieces[:2000], SLOW, answers=10))
    await context.close()
    return missed


def _comm(tokens: int) -> list[str]:
    missed: list[str] = []
    pieces = long_answer(tokens)
    size = len("".join(pieces).encode())
    for rate in P95_GOALS:
        sent = comm_messages(pieces, rate, ["0f8fad5b-d9cb-469f-a165-70867728950e"])
        ours = sum(_size(data["content"]) for _, data in sent) / size
        whole = sum(_size(data) for _, data in sent) / size
        print(
            f"comm at {rate:.0f} a second: {len(sent)} messages, {ours:.2f} bytes a byte of the answer,"
            f" {whole:.2f} with the envelope of a widget's custom message"
        )
        if ours > COMM_SHARE:
            missed.append(f"comm bytes at {rate:.0f} a second: {ours:.2f} > {COMM_SHARE}")
    return missed


def _size(data: object) -> int:
    return len(json.dumps(data, ensure_ascii=False).encode())  # as jupyter_client writes it


async def _long(browser: Browser, messages: int) -> list[str]:
    missed: list[str] = []
    context = await browser.new_context(viewport=runs.VIEWPORT)
    await runs.first_paint(context, 10)  # so that what is measured is compiled
    paint = await runs.first_paint(context, messages)
    print(f"{messages} messages: first picture {paint:.0f} ms after the data (wall time)")
    if paint > FIRST_PAINT:
        missed.append(f"first picture of {messages} messages: {paint:.0f} > {FIRST_PAINT:.0f} ms")
    scrolled = await runs.scrolling(browser, context, messages)
    _row("scrolling them", scrolled)
    if scrolled.longest > LONGEST_TASK:
        missed.append(f"the longest task while scrolling: {scrolled.longest:.0f} > {LONGEST_TASK:.0f} ms")
    left = await runs.left_behind(context, 200)
    print("left by each of 200 mounts: " + ", ".join(f"{value:.1f} {name}" for name, value in left.items()))
    if left["listeners"] >= 1 or left["nodes"] >= 1 or left["heap bytes"] > 2_000:
        missed.append("a view that ended left something behind")
    await context.close()
    return missed


def _row(name: str, work: Work) -> None:
    ours = "".join(f"{work.percentile(share):>{9 if share == 50 else 7}.1f}" for share in (50, 95, 99))
    everything = "".join(
        f"{work.percentile(share, of=work.frames):>{9 if share == 50 else 7}.1f}" for share in (50, 95)
    )
    late = f"{work.late}/{work.drawn}"
    print(f"{name:<24}{ours}{everything}{work.longest:>7.1f}{late:>11}{work.total / 1000:>7.1f}", flush=True)


async def _bundled(source: str, folder: str) -> Path:
    target = Path(folder) / f"{source}.js"
    is_ours = source.endswith(".tsx")
    settings = {
        "source": str(PEERS / source),
        "target": str(target),
        "modules": [str((JS if is_ours else PEERS) / "node_modules")],
        "jsx": "preact" if is_ours else "react",
    }
    await run_script(PEERS / "bundle.mjs", find_node(), settings, within=120)
    return target
