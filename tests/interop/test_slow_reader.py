"""The official @microsoft/signalr client stops reading and is healed by its own automatic reconnect.

Its event loop blocks until we say so, which is after the hub has closed the connection and, two seconds
later, cut it. How fast the machine is does not matter here. Where it did, two things were learnt:

- Limits of the way out count bytes on the wire, compressed where the client compresses, as Node's
  ``WebSocket`` does. 30,000 times the same letter are 390 bytes there, and filling the way took a thousand
  messages, longer on a busy machine than the client slept. So the text here does not compress: some fifteen
  messages do it.
- A recovery is bounded in bytes of text (``ChatSettings.reply_bytes``, 512 KiB). A connection cut while
  256 KiB waited in the transport loses few of these messages, and resuming brings them; of those that
  compressed so well it lost seven hundred (20 MB), and the answer was ``recovered: false`` with a snapshot,
  rightly. Both answers are asked for below, and both end with every message once, in order.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from conduit_widget.contract import CHAT_HUB_PATH
from tests.integration.hub.test_slow_readers import Server, serving
from tests.support.chat.server import Person
from tests.support.hub.server import token
from tests.support.processes.node import Node, find_node, npm_ci, script_environment
from tests.support.waiting import eventually

HERE: Final = Path(__file__).parent
NOISE: Final = base64.b64encode(random.Random(4).randbytes(22_500)).decode()
"""30,000 letters that compression makes only a quarter smaller."""

PATIENCE: Final = 60.0
CHECK: Final = {"check": "a_stopped_reader_is_healed_by_automatic_reconnect_and_resume", "ok": True}


class Script:
    """The client's process: what it prints, a JSON value a line, and the byte that wakes it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def said(self) -> Any:
        """Return the next thing it says."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            line = await self._process.stdout.readline()
        assert line.startswith(b"{"), line + await self._process.stdout.read()
        return json.loads(line)

    def wake(self) -> None:
        """Let its loop go on."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")


@contextlib.asynccontextmanager
async def stopping_client(node: Node, url: str) -> AsyncIterator[Script]:
    """Start the official client as bob."""
    process = await asyncio.create_subprocess_exec(
        *node.node,
        "slow_reader.mjs",
        cwd=HERE,
        env=script_environment(node, {"url": url + CHAT_HUB_PATH, "token": token("bob")}),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield Script(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def send(ann: Person, count: int) -> None:
    """Send messages that do not compress."""
    for _ in range(count):
        await ann.send(NOISE, conversation_id="slow", respond=False)


async def stop_reading(server: Server, ann: Person, script: Script) -> int:
    """Have the client stop, be closed for it, and be gone for the hub; return how many messages there are."""
    assert await script.said() == {"joined": True}
    await send(ann, 1)
    assert await script.said() == {"blocked": True}
    connection = server.connection("bob")
    sent = 1
    while not connection.lagging:
        assert sent < 1000, "the client reads, or the system takes all of it"
        await send(ann, 1)
        sent += 1
    await eventually(lambda: connection.closed, within=PATIENCE)
    lifetime = server.chat.chat_hub.clients._lifetime
    await eventually(lambda: not lifetime.of_user("bob"), within=PATIENCE)
    return sent


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("missed", "recovered"), [(1, True), (20, False)], ids=["little missed", "more missed than a reply holds"]
)
async def test_official_client_misses_nothing_when_it_was_closed_as_a_slow_reader(
    tmp_path: Path, missed: int, recovered: bool
) -> None:
    """Closed and cut while its loop blocks, it resumes with every message, once, in order."""
    node = find_node()
    npm_ci(HERE, node)
    async with (
        serving(tmp_path / "h.db", lagging_timeout=0.3) as server,
        server.person("ann") as ann,
        stopping_client(node, server.url) as script,
    ):
        await ann.join("slow")
        sent = await stop_reading(server, ann, script)
        await send(ann, missed)
        script.wake()
        assert await script.said() == {"recovered": recovered, "last": sent + missed}
        assert await script.said() == CHECK
