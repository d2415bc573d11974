"""A real IPython kernel whose iopub is recorded with arrival times, and whose comms the test can speak to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from tests.support.kernel.comm_messages import in_full
from tests.support.waiting import eventually


class LiveKernel:
    """A running kernel; ``iopub`` holds (monotonic arrival time, message) in order."""

    def __init__(self, client: AsyncKernelClient) -> None:
        self.client = client
        self.iopub: list[tuple[float, dict[str, Any]]] = []

    async def record(self) -> None:
        """Collect iopub until cancelled."""
        while True:
            message = await self.client.get_iopub_msg(timeout=None)
            self.iopub.append((time.monotonic(), message))

    def start(self, code: str) -> str:
        """Run a cell without waiting; returns its message id."""
        return str(self.client.execute(code))

    async def finished(self, message_id: str, *, within: float = 60.0) -> None:
        """Wait until a cell is done; fails with its traceback."""

        def idle() -> bool:
            for _, message in self.iopub:
                if message["parent_header"].get("msg_id") != message_id:
                    continue
                if message["msg_type"] == "error":
                    raise AssertionError("\n".join(message["content"]["traceback"]))
                if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                    return True
            return False

        await eventually(idle, within=within, what="the cell ends")

    async def run(self, code: str) -> str:
        """Run a cell to its end; return its message id."""
        message_id = self.start(code)
        await self.finished(message_id)
        return message_id

    async def about(self) -> dict[str, Any]:
        """What the kernel says of itself."""
        reply = await self.client.kernel_info(reply=True, timeout=60)
        about: dict[str, Any] = reply["content"]
        return about

    def is_busy_with(self, message_id: str) -> bool:
        """Whether a cell has begun and not ended."""
        states = [
            message["content"]["execution_state"]
            for _, message in self.iopub
            if message["msg_type"] == "status" and message["parent_header"].get("msg_id") == message_id
        ]
        return states == ["busy"]

    async def interrupt(self) -> None:
        """Stop the running cell, as the notebook's stop button does, and wait until it has ended."""
        message = self.client.session.msg("interrupt_request", {})
        self.client.session.send(self.client.control_channel.socket, message)
        cells = {m["parent_header"].get("msg_id") for _, m in self.iopub if m["msg_type"] == "execute_input"}
        await eventually(lambda: not any(self.is_busy_with(cell) for cell in cells))

    def printed(self, message_id: str) -> str:
        """What a cell wrote to stdout and stderr."""
        return "".join(
            message["content"]["text"]
            for _, message in self.iopub
            if message["msg_type"] == "stream" and message["parent_header"].get("msg_id") == message_id
        )

    def replaced(self, mime_type: str) -> list[str]:
        """What the outputs that were shown or replaced hold of a type, oldest first."""
        return [
            message["content"]["data"][mime_type]
            for _, message in self.iopub
            if message["msg_type"] in {"display_data", "update_display_data"}
            and mime_type in message["content"]["data"]
        ]

    def errors(self, message_id: str) -> list[dict[str, Any]]:
        """The errors a cell ended with."""
        return [
            message["content"]
            for _, message in self.iopub
            if message["msg_type"] == "error" and message["parent_header"].get("msg_id") == message_id
        ]

    def comm_id(self, model_name: str = "AnyModel") -> str:
        """The comm of the newest widget of a kind."""
        opened = [
            message["content"]
            for _, message in self.iopub
            if message["msg_type"] == "comm_open"
            and message["content"]["data"].get("state", {}).get("_model_name") == model_name
        ]
        return str(opened[-1]["comm_id"])

    def custom(self, comm_id: str) -> list[tuple[float, dict[str, Any]]]:
        """Custom messages a widget sent to its views, with their arrival times."""
        return self._custom(comm_id, lambda arrived, _: arrived)

    def custom_sent(self, comm_id: str) -> list[tuple[float, dict[str, Any]]]:
        """The same, with the times at which the kernel sent them, in seconds of its clock."""
        return self._custom(comm_id, lambda _, message: message["header"]["date"].timestamp())

    def _custom(
        self, comm_id: str, time_of: Callable[[float, dict[str, Any]], float]
    ) -> list[tuple[float, dict[str, Any]]]:
        found = [
            (time_of(arrived, message), message["content"]["data"]["content"])
            for arrived, message in self.iopub
            if message["msg_type"] == "comm_msg"
            and message["content"]["comm_id"] == comm_id
            and message["content"]["data"].get("method") == "custom"
        ]
        return list(zip((time for time, _ in found), in_full(content for _, content in found), strict=True))

    async def create_subshell(self) -> str:
        """Make a subshell, as JupyterLab does for its comms."""
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        while True:
            reply = await self.client.get_control_msg(timeout=60)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                assert reply["content"]["status"] == "ok", reply["content"]
                return str(reply["content"]["subshell_id"])

    def view_says(self, comm_id: str, content: dict[str, Any], subshell_id: str | None = None) -> float:
        """Send a view's custom message, on a subshell if given; returns the time of sending."""
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        if subshell_id is not None:
            message["header"]["subshell_id"] = subshell_id
        self.client.shell_channel.send(message)
        return time.monotonic()


@contextlib.asynccontextmanager
async def live_kernel(environment: dict[str, str], python: str = sys.executable) -> AsyncIterator[LiveKernel]:
    """Start a kernel of an interpreter, this one by default; it is shut down at the end."""
    manager = AsyncKernelManager()
    launch = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager._kernel_spec = KernelSpec(argv=launch, display_name="Python", language="python")
    await manager.start_kernel(env={**os.environ, **environment})
    client = manager.client()
    client.start_channels()
    recorder: asyncio.Task[None] | None = None
    try:
        await client.wait_for_ready(timeout=100)
        kernel = LiveKernel(client)
        recorder = asyncio.create_task(kernel.record())
        yield kernel
    finally:
        if recorder is not None:
            recorder.cancel()
            await asyncio.gather(recorder, return_exceptions=True)
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
