"""``conduit-widget top`` as a process, against a real hub."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from conduit_widget.client import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH
from tests.support.hub.live_hub import LiveHub


def top(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``top`` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "conduit_widget", "top", *arguments],
        env={**os.environ, "CONDUIT_HUB_TOKEN": "hush-hush"},
        capture_output=True,
        text=True,
        check=False,
    )


async def test_once_shows_connections_and_messages(tmp_path: Path) -> None:
    """One plain table of a hub with a client, found by its data directory or its URL."""
    hub = LiveHub(tmp_path, {"CONDUIT_PROVIDER": "local"}).start()
    try:
        async with HubConnection(hub.url + CHAT_HUB_PATH, access_token=hub.token("ada")) as connection:
            await connection.invoke("JoinConversation", "room")
            message = {"id": str(uuid.uuid4()), "role": "user", "content": "hello"}
            await connection.invoke("SendMessage", "room", message)
            for target in (("--data-dir", str(tmp_path)), (hub.url,)):
                done = await asyncio.to_thread(top, *target, "--once", "--interval", "0.2")
                assert (done.returncode, done.stderr) == (0, "")
                assert "\x1b" not in done.stdout
                assert re.search(r"^connections +1\b", done.stdout, re.M)
                assert re.search(rf"{CHAT_HUB_PATH} +1\b", done.stdout)
                assert re.search(r"^messages in +[\d.]+/s +[1-9]", done.stdout, re.M)
                assert "hush" not in done.stdout
    finally:
        hub.stop()


def test_no_hub_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    """Neither by a data directory nor at an address; the token is not shown."""
    for target in (("--data-dir", str(tmp_path)), ("http://127.0.0.1:9",)):
        done = top(*target, "--once")
        assert done.returncode == 1
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert "conduit-widget serve" in line
        assert "hush" not in line


def test_environment_points_to_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CONDUIT_HUB_URL counts here as everywhere, also with the chat hub's path; an option is stronger."""
    monkeypatch.setenv("CONDUIT_DATA_DIR", str(tmp_path / "none"))
    hub = LiveHub(tmp_path, {"CONDUIT_PROVIDER": "local"}).start()
    try:
        for url in (hub.url, hub.url + CHAT_HUB_PATH, hub.url.replace("http", "ws") + "/"):
            monkeypatch.setenv("CONDUIT_HUB_URL", url)
            done = top("--once", "--interval", "0.1")
            assert (done.returncode, done.stderr) == (0, "")
        monkeypatch.setenv("CONDUIT_HUB_URL", "http://127.0.0.1:9")
        assert top("--once", "--interval", "0.1").returncode == 1
        assert top(hub.url, "--once", "--interval", "0.1").returncode == 0
        assert top("--data-dir", str(tmp_path), "--once", "--interval", "0.1").returncode == 0
    finally:
        hub.stop()
