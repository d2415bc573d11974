"""``conduit-widget serve`` as a process: ready line, one hub a data directory, SIGTERM, idle end."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.access import local_hub
from conduit_widget.client import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH
from conduit_widget.hub import server
from conduit_widget.runtime_file import read_runtime
from tests.support.hub.live_hub import LiveHub
from tests.support.waiting import eventually


def test_listener_names_its_protocol() -> None:
    """The listening socket says TCP, which is what makes asyncio switch Nagle's delay off."""
    listener = server.bound_listener("127.0.0.1", 0)
    try:
        assert listener.proto == socket.IPPROTO_TCP
    finally:
        listener.close()


def test_second_hub_on_a_data_directory_is_refused(tmp_path: Path) -> None:
    """Two hubs on one history would break its order: the second says where the first is."""
    hub = LiveHub(tmp_path).start()
    try:
        second = subprocess.run(
            [sys.executable, "-m", "conduit_widget", "serve", "--port", "0", "--data-dir", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 1
        assert hub.url in second.stderr
        assert "--data-dir" in second.stderr
        assert len(second.stderr.strip().splitlines()) == 1
    finally:
        hub.stop()


def test_address_others_can_reach_needs_a_key(tmp_path: Path) -> None:
    """Binding beyond loopback without a configured key is refused in one line."""
    run = subprocess.run(
        [
            *(sys.executable, "-m", "conduit_widget", "serve", "--host", "0.0.0.0"),
            *("--port", "0", "--data-dir", str(tmp_path)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "--key-file" in run.stderr


@pytest.mark.timeout(400)
async def test_sigterm_in_mid_answer_sends_the_text_then_close_and_loses_nothing(tmp_path: Path) -> None:
    """Drain: the open answer is committed and sent as interrupted, Close allows reconnect, exit code 0."""
    hub = LiveHub(tmp_path, {"CONDUIT_PROVIDER": "local"}).start()
    updates: list[dict[str, Any]] = []
    text: list[str] = []
    reconnecting = asyncio.Event()
    async with HubConnection(hub.url + CHAT_HUB_PATH, access_token=hub.token("ada")) as connection:
        connection.on("MessageUpdated", updates.append)
        connection.on("StreamToken", lambda _conversation, token, _metadata: text.append(token))
        connection.on_reconnecting(lambda _error: reconnecting.set())
        joined = await connection.invoke("JoinConversation", "drain")
        question = {"id": str(uuid.uuid4()), "role": "user", "content": "Write a very long story."}
        await connection.invoke("SendMessage", "drain", question)
        await eventually(lambda: len(text) > 3, within=120, what="tokens arrive")
        code = await asyncio.to_thread(hub.terminate)
        assert code == 0
        await asyncio.wait_for(reconnecting.wait(), 30)
        assert updates, "the last words came before the Close"
        assert updates[-1]["metadata"]["status"] == "interrupted"
        assert updates[-1]["content"] == "".join(text)
        hub.start()
        await eventually(lambda: connection.connection_id, within=90, what="the client is back")
        resumed = await connection.invoke(
            "ResumeConversation", "drain", joined["epoch"], updates[-1]["metadata"]["eventSeq"]
        )
        assert resumed["recovered"] is True
        assert resumed.get("events", []) == []
    hub.stop()


async def test_own_hub_does_not_throttle_its_owner(tmp_path: Path) -> None:
    """A notebook of many chats has all of them at once: no join is refused, warned of or logged."""
    hub = LiveHub(tmp_path, {}).start()
    warnings: list[dict[str, Any]] = []
    async with HubConnection(hub.url + CHAT_HUB_PATH, access_token=hub.token("ada")) as connection:
        connection.on("RateLimitWarning", warnings.append)
        joins = [connection.invoke("JoinConversation", f"chat {number}") for number in range(160)]
        joined = await asyncio.gather(*joins)
        assert {result["conversationId"] for result in joined} == {f"chat {number}" for number in range(160)}
    assert warnings == []
    hub.stop()


async def test_hub_ends_by_itself_after_its_last_connection(tmp_path: Path) -> None:
    """With an idle timeout the hub stays while somebody is connected, then ends and takes its file along."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "conduit_widget", "serve", "--port", "0", "--idle-timeout", "2.5"),
        *("--data-dir", str(tmp_path)),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        runtime = await eventually(lambda: local_hub.find(tmp_path), what="the hub runs")
        token = local_hub.mint(runtime, "ada", "Ada").access_token
        async with HubConnection(runtime.url + CHAT_HUB_PATH, access_token=token) as connection:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(process.wait(), 3.5)
            assert await connection.invoke("RequestProviderStatus")
        assert await asyncio.wait_for(process.wait(), 60) == 0
        assert read_runtime(tmp_path) is None
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
            await process.wait()
