"""What ``conduit-widget top`` draws: one table, once or again and again."""

from __future__ import annotations

import argparse
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from conduit_widget.cli.top.source import FiguresSource
from conduit_widget.cli.top.terminal import Terminal, terminal
from conduit_widget.errors import AuthenticationError, ConnectionFailedError
from conduit_widget.hub.metrics.figures import Change, Counter, Figures, Gauge, Quantile, Quantiles
from conduit_widget.text.plain_text import shown

WIDTH: Final = 100
HISTORY: Final = 24
_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_NO_GAUGE: Final = Gauge(0.0)
_NO_COUNTER: Final = Counter(Change(0.0))


def run(arguments: argparse.Namespace) -> int:
    """Show the figures until q or Ctrl-C; once where asked, or where stdout is no terminal."""
    source = FiguresSource(arguments.url, arguments.data_dir, arguments.token)
    console = Console(highlight=False)
    try:
        first = source.read()
        if arguments.once or not console.is_terminal:
            time.sleep(arguments.interval)
            Console(width=WIDTH, color_system=None).print(table_of(source.read(first.reading)))
            return 0
        with terminal() as keys:
            _Screen(source, arguments.interval, console).run(first, keys)
    except KeyboardInterrupt:
        return 0
    return 0


class _Screen:
    """The live table and what it remembers."""

    def __init__(self, source: FiguresSource, interval: float, console: Console) -> None:
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

    def run(self, first: Figures, keys: Terminal) -> None:
        """Draw until KeyboardInterrupt, or until the hub wants another token."""
        self._table = table_of(first)
        live = Live(Group(self._title, self._table), console=self._console, screen=True, auto_refresh=False)
        last = first.reading
        try:
            with keys.drawing():
                live.start(refresh=True)
            while True:
                while not keys.wait(self._interval):
                    with keys.drawing():
                        live.refresh()
                figures, parts = self._read(last)
                with keys.drawing():
                    if figures is not None:
                        self._table = self._next(figures)
                    live.update(Group(self._title, *parts, self._table), refresh=True)
                last = "" if figures is None else figures.reading
        finally:
            live.stop()

    def _read(self, last: str) -> tuple[Figures | None, list[Text]]:
        """Return the figures, or None and the line that says why there are none."""
        try:
            return self._source.read(last), []
        except AuthenticationError:
            raise
        except ConnectionFailedError as error:
            self._rates.append(None)
            self._counts.append(None)
            return None, [Text(f"waiting for the hub ({shown(str(error))})\nlast seen:\n")]

    def _next(self, figures: Figures) -> Table:
        rates = [figures.counters.get(name, _NO_COUNTER).all.per_second for name in ("received", "sent")]
        known = [rate for rate in rates if rate is not None]
        self._rates.append(sum(known) if known else None)
        self._counts.append(figures.gauges.get("connections", _NO_GAUGE).all)
        return table_of(figures, sparkline(self._counts), sparkline(self._rates))


def table_of(figures: Figures, connections: str = "", throughput: str = "") -> Table:
    """Return the table of all figures, with the sparklines of ``connections`` and ``throughput``."""
    table = Table(box=None, pad_edge=False)
    for heading in ("figure", "now", "since the start", ""):
        table.add_column(heading, overflow="fold")

    def row(*cells: str) -> None:
        table.add_row(*(Text(shown(cell)) for cell in cells))

    def gauge(name: str) -> Gauge:
        return figures.gauges.get(name, _NO_GAUGE)

    def counter(name: str) -> Counter:
        return figures.counters.get(name, _NO_COUNTER)

    row("connections", f"{gauge('connections').all:g}", "", connections)
    for hub, count in sorted(gauge("connections").by.items()):
        row(f"  {hub}", f"{count:g}")
    received, sent, back = counter("received").all, counter("sent").all, counter("reconnections").all
    row("messages in", _show(received.per_second, "{:.1f}/s"), f"{received.total:.0f}", throughput)
    row("messages out", _show(sent.per_second, "{:.1f}/s"), f"{sent.total:.0f}")
    for what, name in (
        ("delivery", "delivery"),
        ("method", "method"),
        ("first chunk", "firstChunk"),
        ("chunk to sent", "flush"),
    ):
        timing = figures.timings.get(name)
        now, ever = (Quantiles(), Quantiles()) if timing is None else (timing.now, timing.ever)
        row(f"{what} p50/p95", _quantiles(now), _quantiles(ever))
    row("outbound queue", _bytes(gauge("queuedBytes").all))
    row("reconnections", _show(back.new, "{:+.0f}"), f"{back.total:.0f}")
    share = figures.shares.get("errors")
    rate = _show(counter("errors").all.per_second, "{:.1f}/s")
    row(
        "error rate",
        f"{rate} ({share.now:.1%})" if share and share.now is not None else rate,
        f"{share.ever:.1%} of calls" if share and share.ever is not None else "-",
    )
    for heading, name in (
        ("errors", "errors"),
        ("not let in", "refused"),
        ("closes", "closes"),
        ("recoveries", "recoveries"),
    ):
        changes = counter(name).by
        row(heading, _several(changes, lambda c: c.new, "+"), _several(changes, lambda c: c.total, ""))
    row("generations", f"{gauge('generations').all:g}")
    over = counter("failovers").all
    row("failovers", _show(over.new, "{:+.0f}"), f"{over.total:.0f}")
    cost = counter("cost").by
    row("cost", _costs(cost, lambda c: c.new), _costs(cost, lambda c: c.total))
    memory = figures.gauges.get("memoryBytes")
    row("hub memory", "-" if memory is None else _bytes(memory.all))
    row("hub CPU", _show(counter("cpuSeconds").all.per_second, "{:.0%}"))
    return table


def _show(value: float | None, pattern: str) -> str:
    return "-" if value is None else pattern.format(value)


def _several(changes: dict[str, Change], value: Callable[[Change], float | None], sign: str) -> str:
    found = [(name, value(change)) for name, change in sorted(changes.items())]
    return ", ".join(f"{name} {sign}{count:.0f}" for name, count in found if count) or "-"


def _costs(changes: dict[str, Change], value: Callable[[Change], float | None]) -> str:
    found = [(currency, value(change)) for currency, change in sorted(changes.items())]
    return ", ".join(f"{amount:.4f} {currency}" for currency, amount in found if amount) or "-"


def _quantiles(found: Quantiles) -> str:
    return f"{_duration(found.p50)} / {_duration(found.p95)}"


def _duration(seconds: Quantile) -> str:
    if seconds is None:
        return "-"
    if seconds == "above":
        return "over scale"
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _bytes(count: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def sparkline(values: Sequence[float | None]) -> str:
    """Draw values from 0 to their largest, one character each; None is a gap."""
    top = max((value for value in values if value is not None), default=0.0)
    last = len(_BLOCKS) - 1
    return "".join(
        " " if value is None else _BLOCKS[round(last * value / top) if top > 0 else 0] for value in values
    )
