"""``python -m tests.load view``: the work of the chat's view in a real Chromium, beside that of others.

One answer with code, tables and formulas is shown while it is written: by the view, by a full re-parse for
every picture, by Streamdown and by the message list of jupyterlab-chat (both from npm, kept in the user's
cache). Then ten answers at once, the bytes of the comm, and a conversation of many messages.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, BrowserContext, async_playwright

from tests.load.view import long, peers, streams, table
from tests.load.view.table import Figure, Report, Row
from tests.load.view.text import comm_messages, long_answer
from tests.load.view.trace import Work, percentile
from tests.support.browser.chromium import FLAGS, ensure_chromium

OURS: Final = "**conduit_widget**"
SLOW: Final = 200.0
P95_GOALS: Final = {SLOW: 3.0, 1000.0: 6.0}
LONGEST_TASK: Final = 50.0
CPU_SHARE: Final = 0.25
REPARSED: Final = 300  # so many pictures of a full re-parse take half a minute
FIRST_PAINT: Final = 150.0
HIT_IN_VIEW: Final = 100.0
COMM_SHARE: Final = 1.5
PARTS: Final = ("streams", "comm", "long")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``view``."""
    parser.add_argument("--tokens", type=int, default=20_000, help="tokens of the answer")
    parser.add_argument("--messages", type=int, default=10_000, help="messages of the long conversation")
    parser.add_argument("--only", choices=PARTS, help="one part of the measurements")
    parser.add_argument("--times", type=int, default=2, help="runs of each of ours; the best counts")
    parser.add_argument("--no-peers", action="store_true", help="without the packages from npm")
    parser.add_argument("--write", action="store_true", help=f"write {table.REFERENCE.name} anew")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 1 when a goal was missed."""
    began = os.getloadavg()[0]
    report = asyncio.run(_measure(arguments))
    load = f"load {began:.1f} before and {os.getloadavg()[0]:.1f} after"
    shown = table.streams(report.rows, peers.REPARSE.name), table.figures(report.figures)
    print(*shown, load, sep="\n\n")
    if arguments.write:
        table.REFERENCE.write_text(
            table.PAGE.format(
                command="python -m tests.load view --write",
                day=datetime.now(UTC).date().isoformat(),
                machine=f"{os.cpu_count()} shared cores, {load}, Python {platform.python_version()}",
                table=shown[0],
                figures=shown[1],
                peers=_said_of_peers(arguments),
            ),
            encoding="utf-8",
        )
    return int(any(figure.is_missed for figure in report.figures))


def _said_of_peers(arguments: argparse.Namespace) -> str:
    if arguments.no_peers or not peers.is_available():
        return "Streamdown and jupyterlab-chat were left out."
    return (
        "Streamdown has its plug-ins for code and formulas; jupyterlab-chat's list is mounted without its"
        " application, with JupyterLab's Markdown, colours and MathJax, and gets one update a picture where"
        f" it gets one a token in JupyterLab ({peers.versions(peers.install())})."
    )


async def _measure(arguments: argparse.Namespace) -> Report:
    wanted = (arguments.only,) if arguments.only else PARTS
    report = Report()
    if "comm" in wanted:
        report.figures += _comm(arguments.tokens)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=ensure_chromium(), args=FLAGS)
        try:
            if "streams" in wanted:
                await _streams(browser, arguments, report)
            if "long" in wanted:
                await _long(browser, arguments, report)
        finally:
            await browser.close()
    return report


async def _streams(browser: Browser, arguments: argparse.Namespace, report: Report) -> None:
    pieces = long_answer(arguments.tokens)
    context = await browser.new_context(viewport=streams.VIEWPORT)

    def note(name: str, rate: float | None, work: Work) -> None:
        report.rows.append(Row(name, rate, work))
        print(f"{name}, {rate}: {work.total / 1000:.1f} s, {work.mean:.1f} ms a picture", flush=True)

    with tempfile.TemporaryDirectory(prefix="conduit-view-") as folder:
        scripts = await _bundled(arguments, Path(folder))
        for rate, goal in P95_GOALS.items():
            work = await _best(partial(streams.ours, browser, context, pieces, rate), arguments.times)
            note(OURS, rate, work)
            report.figures += [
                Figure(
                    f"p95 of our scripts in a frame, {rate:.0f} tokens/s", work.percentile(95), "ms", goal
                ),
                Figure(f"longest task, {rate:.0f} tokens/s", work.longest, "ms", LONGEST_TASK),
            ]
            for name, script in scripts.items():
                note(name, rate, await streams.theirs(browser, script, pieces, rate))
        for rate in P95_GOALS:
            reparse = scripts[peers.REPARSE.name]
            report.figures.append(await _same_pictures(browser, context, pieces, rate, reparse))
    some = pieces[: max(1, len(pieces) // 10)]
    ten = await _best(partial(streams.ours, browser, context, some, SLOW, answers=10), arguments.times)
    note(f"10 answers of {len(some)} tokens at once", SLOW, ten)
    report.figures.append(Figure("longest task, 10 answers at once", ten.longest, "ms", LONGEST_TASK))
    await context.close()


async def _same_pictures(
    browser: Browser, context: BrowserContext, pieces: list[str], rate: float, reparse: Path
) -> Figure:
    """Return what ours takes of what a full re-parse takes, with as many pictures of the same texts."""
    sent, _ = comm_messages(pieces, rate, ["a0"])
    each = max(1, round(len(sent) / REPARSED))
    work = await streams.ours_one_by_one(browser, context, pieces, rate)
    again, drawn = await streams.theirs_one_by_one(browser, reparse, pieces, rate, each)
    # The text grows evenly: what is drawn of some tells what all would take.
    whole = again.total * len(sent) / drawn
    both = f"{work.total / 1000:.1f} s and {whole / 1000:.1f} s"
    note = f"{both} for {len(sent)} pictures, each begun when the last is drawn"
    if each > 1:
        note += f"; the re-parse drew one of {each}, counted {len(sent) / drawn:.2f} times"
    name = f"processor for the same pictures, {rate:.0f} tokens/s, of a full re-parse"
    print(f"{name}: {note}", flush=True)
    return Figure(name, work.total / whole, "", CPU_SHARE, note)


async def _bundled(arguments: argparse.Namespace, folder: Path) -> dict[str, Path]:
    """Return the scripts that others draw with, by their names in the table."""
    has_foreign = not arguments.no_peers and peers.is_available()
    modules = peers.install() if has_foreign else None
    return {
        peer.name: await peers.bundle(peer, modules, folder)
        for peer in peers.PEERS
        if has_foreign or not peer.is_foreign
    }


async def _best(measure: Callable[[], Awaitable[Work]], times: int) -> Work:
    """Return the run that took the least: what others did on the machine only ever adds to it."""
    runs = [await measure() for _ in range(times)]
    return min(runs, key=lambda work: work.total)


def _comm(tokens: int) -> list[Figure]:
    found: list[Figure] = []
    pieces = long_answer(tokens)
    size = len("".join(pieces).encode())
    for rate in P95_GOALS:
        sent, end = comm_messages(pieces, rate, ["0f8fad5b-d9cb-469f-a165-70867728950e"])
        ours = sum(_size(data["content"]) for _, data in sent) / size
        whole = sum(_size(data) for _, data in sent) / size
        last = sum(_size(data["content"]) for _, data in end) / size
        note = (
            f"{len(sent)} messages; {whole:.2f} with the envelope of a widget's custom message;"
            f" the complete message at the end has {last:.2f} more"
        )
        found.append(
            Figure(f"comm bytes a byte of the answer at {rate:.0f} tokens/s", ours, "", COMM_SHARE, note)
        )
    return found


def _size(data: object) -> int:
    return len(json.dumps(data, ensure_ascii=False).encode())  # as jupyter_client writes it


async def _long(browser: Browser, arguments: argparse.Namespace, report: Report) -> None:
    messages = arguments.messages
    context = await browser.new_context(viewport=streams.VIEWPORT)
    await long.first_paint(browser, context, 10)  # so that what is measured is compiled
    pictures = [await long.first_paint(browser, context, messages) for _ in range(1 + 2 * arguments.times)]
    first = min(pictures, key=lambda picture: picture.wall)
    note = f"wall time; the main thread had {first.work.total:.0f} ms of work"
    name = f"first picture of {messages:,} messages after the data"
    report.figures.append(Figure(name, first.wall, "ms", FIRST_PAINT, note))
    scrolled = await _best(partial(long.scrolling, browser, context, messages), arguments.times)
    report.rows.append(Row(f"scrolling {messages:,} messages", None, scrolled))
    report.figures.append(
        Figure("longest task while they are scrolled", scrolled.longest, "ms", LONGEST_TASK)
    )
    times = min([await long.hits(context, messages) for _ in range(arguments.times)], key=max)
    note = f"wall time, the slowest of {len(times)} places; the middle one {percentile(times, 50):.0f} ms"
    report.figures.append(Figure("a hit of a search in view", max(times), "ms", HIT_IN_VIEW, note))
    left = await long.left_behind(context, 200)
    limits = {"heap bytes": 2_000.0, "listeners": 0.5, "nodes": 0.5}
    report.figures += [
        Figure(f"{name} left by each of 200 mounts", value, "", limits[name]) for name, value in left.items()
    ]
    await context.close()
