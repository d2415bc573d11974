"""The official @microsoft/signalr client as a watcher, in a process of its own that can be stopped."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any, Final

from tests.support.judging.history_checker import Observer
from tests.support.processes.node import Node, find_node, npm_ci, script_environment
from tests.support.signalr.wire_observer import WireView

HERE: Final = Path(__file__).resolve().parents[2] / "interop"
MAX_LINE: Final = 16 << 20


def prepare_node() -> Node:
    """Return Node, the official client being installed."""
    node = find_node()
    npm_ci(HERE, node)
    return node


class OfficialWatcher:
    """Watches one conversation; what the process prints is applied, in its order, to the view."""

    def __init__(self, node: Node, url: str, token: str, conversation: str, observer: Observer) -> None:
        self.view = WireView(observer)
        self.reconnects = 0
        self._node = node
        self._settings = {"url": url, "token": token, "conversation": conversation}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._last_failure = ""

    @property
    def name(self) -> str:
        """Whose eyes these are."""
        return self.view.observer.name

    @property
    def condition(self) -> str:
        """How it is, in one line."""
        return f"last failure: {self._last_failure or 'none'}"

    @property
    def pid(self) -> int:
        """The process."""
        assert self._process is not None
        return self._process.pid

    async def open(self) -> None:
        """Start the process, which connects and joins."""
        self._process = await asyncio.create_subprocess_exec(
            *self._node.node,
            "watcher.mjs",
            cwd=HERE,
            env=script_environment(self._node, self._settings),
            stdout=asyncio.subprocess.PIPE,
            limit=MAX_LINE,
        )
        self._reading = asyncio.create_task(self._read(self._process))

    async def close(self) -> None:
        """End the process."""
        if self._process is None or self._reading is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._reading

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            with contextlib.suppress(json.JSONDecodeError):  # the last line of a killed process
                self._take(json.loads(line))

    def _take(self, said: dict[str, Any]) -> None:
        match said["op"]:
            case "hold":
                self.view.hold()
            case "joined":
                self.view.joined(said["result"])
            case "resumed":
                self.view.resumed(said["result"])
            case "history":
                self.view.history(said["page"]["messages"], has_more=said["page"]["hasMore"])
            case "event":
                self.view.event(said["target"], said["arguments"])
            case "reconnected":
                self.reconnects += 1
                self.view.hold()
            case "failed":
                self._last_failure = said["error"]
