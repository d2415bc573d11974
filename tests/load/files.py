"""``python -m tests.load files``: how long a token takes while ten files go up in the same chat.

The real local hub in a process of its own, with a provider that writes a token every 10 ms; a member sends
ten files of 25 MiB at once, as the views' kernel does, while the answer streams to another connection of the
same process. Milliseconds from the hub's clock (the moment in the token's own text) to the member's handler.
Goal: 100 ms at the 95th percentile.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Final

from conduit_widget.chat.settings import ChatSettings
from conduit_widget.chat_client.files.hub_files import HubFiles
from conduit_widget.contract import CHAT_HUB_PATH, FILE_CHUNK_BYTES, MAX_FILE_BYTES, ChatEvent
from conduit_widget.providers.provider import Chunk, GenerationRequest
from conduit_widget.widget.attachments.sources import BytesSource
from tests.support.chat.server import ChatServer, Person, chat_server
from tests.support.hub.server import token
from tests.support.providers.scripted_provider import ScriptedProvider

GOAL_MS: Final = 100.0
TOKEN_SECONDS: Final = 0.01


class _Clock(ScriptedProvider):
    """Writes the time, until it is told to end."""

    def __init__(self) -> None:
        super().__init__(name="clock")
        self.ended = asyncio.Event()

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Write a time every few milliseconds."""
        while not self.ended.is_set():
            yield Chunk(f"{time.perf_counter():.6f} ", "clock-1")
            await asyncio.sleep(TOKEN_SECONDS)
        yield Chunk("", "clock-1", finish_reason="stop")


class _Piece(BytesSource):
    """Sends in the pieces of a view."""

    piece_bytes = FILE_CHUNK_BYTES


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``files``."""
    parser.add_argument("--files", type=int, default=10, help="how many go up at once")
    parser.add_argument("--mib", type=int, default=25, help="how large each is")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; the exit code tells whether the goal was kept."""
    with tempfile.TemporaryDirectory(prefix="conduit-files-") as folder:
        return asyncio.run(_run(Path(folder), arguments.files, min(arguments.mib << 20, MAX_FILE_BYTES)))


async def _run(folder: Path, count: int, size: int) -> int:
    clock = _Clock()
    content = os.urandom(size)
    settings = ChatSettings.for_owner()
    async with chat_server(folder / "h.db", clock, settings=settings) as server, server.person("ann") as ann:
        await ann.join()
        receipt = await ann.send("What time is it?")
        await ann.got(ChatEvent.STREAM_TOKEN, 50)
        quiet = _Delays(ann)
        await asyncio.sleep(3.0)
        quiet.end()
        busy = _Delays(ann)
        began = time.perf_counter()
        await asyncio.gather(*[_upload(server, number, content) for number in range(count)])
        seconds = time.perf_counter() - began
        busy.end()
        clock.ended.set()
        await ann.final(receipt["answerId"])
    print(f"{'':>12}{'tokens':>8}{'p50 ms':>9}{'p95 ms':>9}{'max ms':>9}")
    for name, delays in (("quiet", quiet), (f"{count} uploads", busy)):
        print(f"{name:>12}{delays.line()}")
    print(f"{count * size / 1e6 / seconds:.0f} MB/s up, {seconds:.1f} s")
    return 0 if busy.at(0.95) <= GOAL_MS else 1


async def _upload(server: ChatServer, number: int, content: bytes) -> None:
    async def url() -> str:
        return server.url + CHAT_HUB_PATH

    async def access_token() -> str:
        return token("ann")

    files = HubFiles(url, access_token)
    await files.send("c", _Piece(f"{number}.bin", content), lambda _: None)


class _Delays:
    """How late tokens come, from now until the end."""

    def __init__(self, person: Person) -> None:
        self._delays: list[float] = []
        self._remove = person.connection.on(ChatEvent.STREAM_TOKEN, self._heard)

    def _heard(self, _conversation_id: str, text: str, _metadata: dict[str, Any]) -> None:
        now = time.perf_counter()
        with contextlib.suppress(ValueError):
            # The oldest of a delta's tokens has waited longest.
            self._delays += [(now - float(each)) * 1000 for each in text.split()]

    def end(self) -> None:
        """Listen no more."""
        self._remove()

    def at(self, share: float) -> float:
        """Return the delay that so many do not exceed."""
        return statistics.quantiles(self._delays, n=100, method="inclusive")[round(share * 100) - 1]

    def line(self) -> str:
        """Return the figures."""
        figures = (self.at(0.5), self.at(0.95), max(self._delays))
        return f"{len(self._delays):>8}" + "".join(f"{figure:>9.1f}" for figure in figures)
