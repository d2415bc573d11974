"""What ``conduit-widget top`` draws: one table, once or again and again."""

from __future__ import annotations

import argparse
import math
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from conduit_widget.cli.top_figures import Change, Figures, Latency, Scrape, compare, sparkline
from conduit_widget.cli.top_source import MetricsSource
from conduit_widget.cli.top_terminal import Terminal, terminal
from conduit_widget.errors import AuthenticationError, ConnectionFailedError
from conduit_widget.plain_text import shown

__all__ = ["run"]

WIDTH: Final = 100
HISTORY: Final = 24


def run(arguments: argparse.Namespace) -> int:
    """Show the figures until q or Ctrl-C; once where asked, or where stdout is no terminal."""
    source = MetricsSource(arguments.url, arguments.data_dir, arguments.token)
    console = Console(highlight=False)
    try:
        first = source.read()
        if arguments.once or not console.is_terminal:
            time.sleep(arguments.interval)
            Console(width=WIDTH, color_system=None).print(_table(compare(first, source.read())))
            return 0
        with terminal() as keys:
            _Screen(source, arguments.interval, console).run(first, keys)
    except KeyboardInterrupt:
        return 0
    return 0


class _Screen:
    """The live table and what it remembers."""

    def __init__(self, source: MetricsSource, interval: float, console: Console) -> None:
        self._source = source
        self._interval = interval
        self._console = console
        self._rates: deque[float | None] = deque(maxlen=HISTORY)
        self._counts: deque[float | None] = deque(maxlen=HISTORY)
        self._title = Text(
            f"conduit-widget top  {shown(source.shown)}  every {interval:g} s  q or Ctrl-C ends\n",
            overflow="ellipsis",
            no_wrap=True,
        )

    def run(self, first: Scrape, keys: Terminal) -> None:
        """Draw until KeyboardInterrupt, or until the hub wants another token."""
        self._table = _table(compare(None, first))
        live = Live(Group(self._title, self._table), console=self._console, screen=True, auto_refresh=False)
        last: Scrape | None = first
        try:
            with keys.drawing():
                live.start(refresh=True)
            while True:
                while not keys.wait(self._interval):
                    with keys.drawing():
                        live.refresh()
                scrape, parts = self._read()
                with keys.drawing():
                    if scrape is not None:
                        self._table = self._next(compare(last, scrape))
                    live.update(Group(self._title, *parts, self._table), refresh=True)
                last = scrape
        finally:
            live.stop()

    def _read(self) -> tuple[Scrape | None, list[Text]]:
        """Return a reading, or None and the line that says why there is none."""
        try:
            return self._source.read(), []
        except AuthenticationError:
            raise
        except ConnectionFailedError as error:
            self._rates.append(None)
            self._counts.append(None)
            return None, [Text(f"waiting for the hub ({shown(str(error))})\nlast seen:\n")]

    def _next(self, figures: Figures) -> Table:
        rate = figures.received.now, figures.sent.now
        self._rates.append(None if rate[0] is None or rate[1] is None else rate[0] + rate[1])
        self._counts.append(sum(figures.connections.values()))
        return _table(figures, sparkline(self._counts), sparkline(self._rates))


def _table(figures: Figures, connections: str = "", throughput: str = "") -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("figure", "now", "since the start", ""):
        table.add_column(heading, overflow="fold")

    def row(*cells: str) -> None:
        table.add_row(*(Text(shown(cell)) for cell in cells))

    row("connections", f"{sum(figures.connections.values()):g}", "", connections)
    for hub, count in sorted(figures.connections.items()):
        row(f"  {hub}", f"{count:g}")
    row("messages in", _show(figures.received.now, "{:.1f}/s"), f"{figures.received.total:.0f}", throughput)
    row("messages out", _show(figures.sent.now, "{:.1f}/s"), f"{figures.sent.total:.0f}")
    for what, (now, ever) in figures.latency.items():
        row(f"{what} p50/p95", _quantiles(now), _quantiles(ever))
    row("outbound queue", _bytes(figures.queued_bytes))
    row("reconnections", _show(figures.reconnections.now, "{:+.0f}"), f"{figures.reconnections.total:.0f}")
    row("error rate", _error_rate(figures.failed, figures.received), _share(figures))
    for name, changes in (
        ("errors", figures.errors),
        ("not let in", figures.refused),
        ("closes", figures.closes),
        ("recoveries", figures.recoveries),
    ):
        row(name, _several(changes, lambda c: c.now, "+"), _several(changes, lambda c: c.total, ""))
    row("generations", f"{figures.generations:g}")
    row("hub memory", "-" if figures.memory_bytes is None else _bytes(figures.memory_bytes))
    row("hub CPU", _show(figures.cpu, "{:.0%}"))
    return table


def _error_rate(failed: Change, received: Change) -> str:
    """Return how much fails a second, and of how many calls in a hundred."""
    if failed.now is None:
        return "-"
    share = f" ({failed.now / received.now:.1%})" if received.now else ""
    return f"{failed.now:.1f}/s{share}"


def _share(figures: Figures) -> str:
    total = figures.received.total
    return f"{figures.failed.total / total:.1%} of calls" if total else "-"


def _show(value: float | None, pattern: str) -> str:
    return "-" if value is None else pattern.format(value)


def _several(changes: dict[str, Change], value: Callable[[Change], float | None], sign: str) -> str:
    found = [(name, value(change)) for name, change in sorted(changes.items())]
    return ", ".join(f"{name} {sign}{count:.0f}" for name, count in found if count) or "-"


def _quantiles(latency: Latency) -> str:
    return f"{_duration(latency.p50)} / {_duration(latency.p95)}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if math.isinf(seconds):
        return "over scale"
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _bytes(count: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
