"""``conduit-widget top``: a running hub's figures in the terminal, refreshed from its ``/metrics``."""

from __future__ import annotations

import argparse
import math
import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx2
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from conduit_widget.cli.top_figures import Change, Figures, Latency, Scrape, compare, parse, sparkline
from conduit_widget.client import local_hub
from conduit_widget.contract import METRICS_PATH
from conduit_widget.errors import AuthenticationError, ConduitError, ConnectionFailedError

WIDTH: Final = 100
HISTORY: Final = 24
TIMEOUT: Final = 5.0
MAX_BYTES: Final = 8 * 1024 * 1024


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``top``."""
    parser.add_argument("url", nargs="?", metavar="URL", help="the hub's address (default: the local hub)")
    parser.add_argument("--data-dir", type=Path, default=None, help="the local hub's data directory")
    parser.add_argument("--token", default=None, help="an operator's token or key (or CONDUIT_HUB_TOKEN)")
    parser.add_argument("--once", action="store_true", help="print one table over one interval, and end")
    parser.add_argument(
        "--interval", type=_seconds, default=2.0, metavar="SECONDS", help="between readings (default: 2)"
    )
    parser.set_defaults(run=run)


def _seconds(text: str) -> float:
    value = float(text)
    if not 0.1 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0.1 to 3600")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Show the figures until Ctrl-C; once where asked, or where stdout is no terminal."""
    source = _Source(arguments)
    first = source.read()
    console = Console(highlight=False)
    if arguments.once or not console.is_terminal:
        time.sleep(arguments.interval)
        Console(width=WIDTH, color_system=None).print(_table(compare(first, source.read())))
        return 0
    try:
        _watch(source, first, arguments.interval, console)
    except KeyboardInterrupt:
        return 0
    return 0


def _watch(source: _Source, first: Scrape, interval: float, console: Console) -> None:
    last: Scrape | None = first
    rates: deque[float | None] = deque(maxlen=HISTORY)
    counts: deque[float | None] = deque(maxlen=HISTORY)
    table = _table(compare(None, first))
    title = Text(f"conduit-widget top  {source.shown}  every {interval:g} s  Ctrl-C ends\n")
    with Live(Group(title, table), console=console, screen=True, auto_refresh=False) as live:
        live.refresh()
        while True:
            time.sleep(interval)
            try:
                scrape = source.read()
            except AuthenticationError:
                raise
            except ConnectionFailedError as error:
                last = None
                rates.append(None)
                counts.append(None)
                live.update(Group(title, Text(f"waiting for the hub ({error})\n"), table), refresh=True)
                continue
            figures = compare(last, scrape)
            last = scrape
            rate = figures.received.now, figures.sent.now
            rates.append(None if rate[0] is None or rate[1] is None else rate[0] + rate[1])
            counts.append(sum(figures.connections.values()))
            table = _table(figures, sparkline(counts), sparkline(rates))
            live.update(Group(title, table), refresh=True)


class _Source:
    """Where the metrics come from; the runtime file is read anew each time, for a hub may move."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._url: str | None = arguments.url
        self._data_dir: Path = arguments.data_dir or local_hub.default_data_dir()
        token = arguments.token or os.environ.get("CONDUIT_HUB_TOKEN")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.shown = str(self._data_dir)
        if self._url is not None:
            parts = urlsplit(self._url)
            if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
                raise ConnectionFailedError("The hub's address must be http://HOST or https://HOST.")
            self.shown = f"{parts.scheme}://{parts.netloc}{parts.path}"

    def read(self) -> Scrape:
        """Read the metrics once.

        Raises:
            AuthenticationError: the hub wants an operator's token.
            ConnectionFailedError: no hub answers there.

        """
        url = self._url
        if url is None:
            runtime = local_hub.read_runtime(self._data_dir)
            if runtime is None:
                raise ConnectionFailedError(
                    f"No hub runs for {self._data_dir}: start `conduit-widget serve`, or give a URL."
                )
            url = runtime.url
        try:
            status, body = self._get(url.rstrip("/") + METRICS_PATH)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:
            raise ConnectionFailedError(
                f"No hub answers at {self.shown} ({type(error).__name__}): "
                "start it with `conduit-widget serve`, or check the address."
            ) from None
        if status in {401, 403}:
            raise AuthenticationError(
                "The hub shows its metrics to operators only: give --token or CONDUIT_HUB_TOKEN.", status
            )
        try:
            if status != 200:
                raise ValueError  # noqa: TRY301 - the same answer as for what is no metrics
            return parse(body.decode(), time.monotonic())
        except ValueError:
            raise ConnectionFailedError(
                f"What answers at {self.shown} shows no hub's metrics (HTTP {status}): check the address."
            ) from None

    def _get(self, url: str) -> tuple[int, bytes]:
        body = bytearray()
        trust_env = self._url is not None and url.startswith("https")
        with (
            httpx2.Client(timeout=TIMEOUT, trust_env=trust_env) as http,
            http.stream("GET", url, headers=self._headers) as response,
        ):
            for data in response.iter_bytes():
                body += data
                if len(body) > MAX_BYTES:
                    raise ConduitError(f"The metrics at {self.shown} are larger than {MAX_BYTES} bytes.")
        return response.status_code, bytes(body)


def _table(figures: Figures, connections: str = "", throughput: str = "") -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("figure", "now", "since the start", ""):
        table.add_column(heading, overflow="fold")

    def row(*cells: str) -> None:
        table.add_row(*(Text("".join(c if c.isprintable() else "?" for c in cell)) for cell in cells))

    row("connections", f"{sum(figures.connections.values()):g}", "", connections)
    for hub, count in sorted(figures.connections.items()):
        row(f"  {hub}", f"{count:g}")
    row("messages in", _show(figures.received.now, "{:.1f}/s"), f"{figures.received.total:.0f}", throughput)
    row("messages out", _show(figures.sent.now, "{:.1f}/s"), f"{figures.sent.total:.0f}")
    for what, (now, ever) in figures.latency.items():
        row(f"{what} p50/p95", _quantiles(now), _quantiles(ever))
    row("outbound queue", _bytes(figures.queued_bytes))
    row("reconnections", _show(figures.reconnections.now, "{:+.0f}"), f"{figures.reconnections.total:.0f}")
    for name, changes in (
        ("recoveries", figures.recoveries),
        ("errors", figures.errors),
        ("closes", figures.closes),
    ):
        row(name, _several(changes, lambda c: c.now, "+"), _several(changes, lambda c: c.total, ""))
    row("generations", f"{figures.generations:g}")
    row("hub memory", "-" if figures.memory_bytes is None else _bytes(figures.memory_bytes))
    row("hub CPU", _show(figures.cpu, "{:.0%}"))
    return table


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
