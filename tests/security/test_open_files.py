"""More sockets than the process may have: who is in is served, who has a token comes in, the log is small."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from tests.support.hub.server import SECRET, raw_client, token
from tests.support.waiting import eventually, ticks

PATH = "/hubs/echo"
HUB = """
import asyncio, logging, resource, sys
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.auth.local_authority import LocalAuthority
from conduit_widget.hub.server import serve
from tests.support.hub.echo_hub import EchoHub

resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[2]), int(sys.argv[2])))
logging.basicConfig(level=logging.WARNING)
app = HubApp({sys.argv[1]: EchoHub()}, authenticator=LocalAuthority(sys.argv[3].encode()))
asyncio.run(serve(app, on_ready=lambda url: print(url, flush=True)))
"""


@contextlib.asynccontextmanager
async def _hub(files: int, log: Path) -> AsyncIterator[str]:
    """Run a hub that may open so many files; yield its URL."""
    with log.open("wb") as stream:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", HUB, PATH, str(files), SECRET.decode(),
            stdout=asyncio.subprocess.PIPE, stderr=stream,
        )  # fmt: skip
    assert process.stdout is not None
    try:
        yield (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
    finally:
        process.kill()
        await process.wait()


async def _get(url: str, path: str) -> tuple[int, str]:
    """Ask on a connection of its own; (0, "") when it is cut."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
        answer = (await asyncio.wait_for(reader.read(), 30)).decode()
    except ConnectionError:
        return 0, ""
    finally:
        writer.close()
    return (int(answer.split()[1]), answer) if answer else (0, "")


async def test_sockets_that_say_nothing_take_nobodys_place(tmp_path: Path) -> None:
    """Three hundred of them where 128 files may be open: a member is answered, another one comes in."""
    log = tmp_path / "log"
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(_hub(128, log))
        host, _, port = url.removeprefix("http://").partition(":")
        member = await stack.enter_async_context(raw_client(url, PATH, token("ann")))
        for number in range(300):
            _, writer = await asyncio.open_connection(host, int(port))
            stack.callback(writer.close)
            if number % 50 == 0:
                assert (await member.invoke("Echo", number))["result"] == number
        other = await stack.enter_async_context(raw_client(url, PATH, token("bob")))
        assert (await other.invoke("Echo", 1))["result"] == 1
        assert (await member.invoke("Echo", 2))["result"] == 2
        assert (await _get(url, "/readyz"))[0] == 200
        lines = log.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1
    assert "have shown no token" in lines[0]


async def test_hub_without_files_says_so_and_serves_who_is_in(tmp_path: Path) -> None:
    """One line in the log, 503 with the reason on ``/readyz``; when there is room again, people come in."""
    log = tmp_path / "log"
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(_hub(48, log))
        early, enough = contextlib.AsyncExitStack(), asyncio.Event()
        first = await stack.enter_async_context(raw_client(url, PATH, token("ann"), skip_negotiation=True))

        async def come_in() -> None:
            for number in range(60):
                user, place = token(f"user {number // 10}"), early if number < 20 else stack
                if enough.is_set():
                    return
                await place.enter_async_context(raw_client(url, PATH, user, skip_negotiation=True))

        coming = asyncio.create_task(come_in())
        await eventually(lambda: "No open files are left" in log.read_text(encoding="utf-8"))
        async for number in ticks(0.3, 5):  # longer than one look at the sockets that wait
            assert (await first.invoke("Echo", number))["result"] == number
        enough.set()
        await early.aclose()
        await coming

        async def unready() -> str:
            status, answer = await _get(url, "/readyz")
            return answer if status == 503 else ""

        report = json.loads((await eventually(unready)).partition("\r\n\r\n")[2])
        (reason,) = report["reasons"]
        assert reason.startswith("open files: None are left, new connections have to wait; raise the limit")
        lines = log.read_text(encoding="utf-8").splitlines()
        assert len([line for line in lines if line.startswith("ERROR")]) == 1
        assert len(lines) < 10
        late = await stack.enter_async_context(raw_client(url, PATH, token("zoe")))
        assert (await late.invoke("Echo", 1))["result"] == 1
