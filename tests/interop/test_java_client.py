"""Microsoft's Java client (com.microsoft.signalr) drives our hub over WebSockets and long polling.

It speaks JSON here: its MessagePack artifact (com.microsoft.signalr.messagepack) is not on Maven Central for
any version of the client that is.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Final

import pytest

from tests.support.hub.interop_hub import PATH, interop_app
from tests.support.hub.server import running, token
from tests.support.processes.toolchain import ToolchainMissingError, build_java, find_program

HERE = Path(__file__).parent
CHECKS: Final = (
    *("starts", "invoke", "void", "structure", "error", "stream", "stream_error", "stream_cancelled"),
    *("upload", "events", "groups", "client_result"),
)


@pytest.fixture(scope="module")
def jars() -> Path:
    """Build the Java program; skip where there is no Java."""
    try:
        return build_java(HERE / "java")
    except ToolchainMissingError as missing:
        pytest.skip(str(missing))


@pytest.mark.timeout(600)  # Maven fetches the client and its own plugins once
@pytest.mark.parametrize("transport", ["WEBSOCKETS", "LONG_POLLING"])
async def test_java_client_passes_every_check_when_it_drives_our_hub(jars: Path, transport: str) -> None:
    """Calls, errors, streams both ways, events, groups and client results work for the Java client."""
    # Over long polling it posts side by side: an upload's last item may arrive after its end.
    checks = [name for name in CHECKS if transport == "WEBSOCKETS" or name != "upload"]
    async with running(interop_app()) as url:
        process = await asyncio.create_subprocess_exec(
            find_program("java"),
            *("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            *("-cp", str(jars / "*")),
            *("interop.Interop", url + PATH, token("ann", ttl=600), transport, *checks),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), 200)
    text = output.decode()
    results = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert results == [{"check": name, "ok": True} for name in checks], text
