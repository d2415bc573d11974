"""The local model for real: SmolLM2 on llama.cpp in its child process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.directory import ProviderDirectory
from conduit_widget.providers.local.library import LocalModel
from conduit_widget.providers.local.model import MODEL_NAME
from conduit_widget.providers.local.server import LocalServer
from conduit_widget.providers.local.window import CONTEXT_TOKENS
from conduit_widget.providers.provider import Chunk, GenerationParameters, GenerationRequest, PromptMessage
from tests.support.providers.local_model import installed_model, local_model_at, second_model
from tests.support.waiting import eventually

STORY = "Tell me a very long story about a dragon, with many chapters."


def ask(text: str, **parameters: Any) -> GenerationRequest:
    """One question."""
    return GenerationRequest(
        messages=[PromptMessage("user", text)], parameters=GenerationParameters(**parameters)
    )


async def answer(server: LocalServer, question: GenerationRequest) -> list[Chunk]:
    """The whole answer."""
    async with aclosing(server.generate(question)) as chunks:
        return [chunk async for chunk in chunks]


def the_small_model() -> LocalModel:
    """The model that is installed when none is named."""
    return local_model_at(installed_model())


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    """A local model that starts when it is first needed; no process is left afterwards."""
    server = LocalServer(the_small_model)
    yield server
    pid = server.pid
    await server.aclose()
    assert pid is None or not psutil.pid_exists(pid)


def child_of(server: LocalServer) -> psutil.Process:
    """The running child."""
    assert server.pid is not None
    return psutil.Process(server.pid)


async def test_tokens_stream_from_a_lazily_started_child(server: LocalServer) -> None:
    """No process until the first question; then text in many chunks, a reason, usage, a sensible answer."""
    assert server.pid is None
    chunks = await answer(server, ask("What is the capital of France?"))
    text = "".join(chunk.text for chunk in chunks)
    assert "Paris" in text
    assert len([chunk for chunk in chunks if chunk.text]) >= 3
    assert chunks[-1].finish_reason == "stop"
    assert chunks[-1].usage is not None
    assert (chunks[-1].usage.completion_tokens or 0) >= 3
    assert {chunk.model for chunk in chunks} == {MODEL_NAME}


async def test_answer_ends_at_max_tokens(server: LocalServer) -> None:
    """The limit is the request's, and the reason says so."""
    chunks = await answer(server, ask(STORY, max_tokens=8))
    assert chunks[-1].finish_reason == "length"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 8


async def test_model_stops_working_when_readers_stop(server: LocalServer) -> None:
    """Closing the generators frees both slots: the child goes idle and the next question is answered."""
    running = [server.generate(ask(STORY, max_tokens=2000)) for _ in range(2)]
    firsts = await asyncio.gather(*(anext(chunks) for chunks in running))
    assert all(chunk.finish_reason is None for chunk in firsts)
    for chunks in running:
        await chunks.aclose()
    child = child_of(server)

    async def idle() -> bool:
        before = sum(child.cpu_times()[:2])
        await asyncio.sleep(0.3)  # the window in which CPU time is measured
        return sum(child.cpu_times()[:2]) - before < 0.05

    await eventually(idle, within=10, what="an idle child")
    assert (await answer(server, ask("Say hello.", max_tokens=5)))[-1].finish_reason


async def test_two_answers_stream_at_the_same_time(server: LocalServer) -> None:
    """A second conversation does not wait for the first to end."""
    async with (
        aclosing(server.generate(ask(STORY, max_tokens=400))) as first,
        aclosing(server.generate(ask(STORY, max_tokens=400))) as second,
    ):
        order = [(await anext(first)).finish_reason, (await anext(second)).finish_reason]
        order.append((await anext(first)).finish_reason)
    assert order == [None, None, None]


async def test_next_generation_works_when_the_child_was_killed_in_an_answer(server: LocalServer) -> None:
    """A crash ends the answer with one clear error; the next question finds a new child."""
    chunks = server.generate(ask(STORY))
    await anext(chunks)
    crashed = child_of(server).pid
    os.kill(crashed, signal.SIGKILL)

    async def rest() -> None:
        async for _ in chunks:
            pass

    with pytest.raises(ProviderError, match="Ask again") as caught:
        await rest()
    assert caught.value.code == "truncated"
    assert (await answer(server, ask("Hello!", max_tokens=5)))[-1].finish_reason
    assert child_of(server).pid != crashed


async def test_question_is_answered_when_the_child_died_while_idle(server: LocalServer) -> None:
    """A crash between questions is not noticed at all."""
    await server.start()
    os.kill(child_of(server).pid, signal.SIGKILL)
    assert (await answer(server, ask("Hello!", max_tokens=5)))[-1].finish_reason


async def test_prompt_over_the_context_has_its_own_error(server: LocalServer) -> None:
    """Too long a prompt says so, and the next one is served."""
    with pytest.raises(ProviderError) as caught:
        await answer(server, ask("word " * (CONTEXT_TOKENS + 100)))
    assert caught.value.code == "context_length_exceeded"
    assert (await answer(server, ask("Hello!", max_tokens=5)))[-1].finish_reason


async def test_child_serves_its_parent_only(server: LocalServer) -> None:
    """Loopback only, no answer without the key, no web page, and the key in no process list."""
    await server.start()
    child = child_of(server)
    sockets = [item for item in child.net_connections("tcp") if item.status == psutil.CONN_LISTEN]
    assert [item.laddr.ip for item in sockets] == ["127.0.0.1"]
    base = f"http://127.0.0.1:{sockets[0].laddr.port}"
    body = {"messages": [{"role": "user", "content": "hi"}]}
    async with httpx2.AsyncClient(trust_env=False) as client:
        assert (await client.post(f"{base}/v1/chat/completions", json=body)).status_code == 401
        assert (await client.get(f"{base}/slots")).status_code == 401
        assert (await client.get(f"{base}/")).status_code in {401, 404}
    assert server._process is not None
    assert server._process.endpoint is not None
    assert server._process.endpoint._api_key is not None
    key = server._process.endpoint._api_key.reveal()
    assert key not in " ".join(child.cmdline())
    assert key not in str(child.environ())


async def test_child_runs_behind_the_users_own_work(server: LocalServer) -> None:
    """It is niced, and a terminal's Ctrl-C does not reach it."""
    await server.start()
    child = child_of(server)
    assert child.nice() > psutil.Process().nice()
    assert os.getsid(child.pid) != os.getsid(0)


PARENT = """
import asyncio, sys
from pathlib import Path
from conduit_widget.providers.local.library import model_at
from conduit_widget.providers.local.server import LocalServer

async def main():
    server = LocalServer(lambda: model_at(Path(sys.argv[1])))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_child_ends_when_its_parent_is_killed() -> None:
    """SIGKILL gives the parent no chance to tidy up; the child leaves by itself."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(installed_model()), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = psutil.Process(int(await asyncio.wait_for(parent.stdout.readline(), 100)))
    assert child.is_running()
    parent.kill()
    await parent.wait()
    await eventually(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


async def test_broken_model_says_how_to_get_a_good_one(tmp_path: Path) -> None:
    """A file that is no model is one line with the command, and leaves no process."""
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"\0" * 5000)
    server = LocalServer(lambda: local_model_at(broken))
    with pytest.raises(ProviderError, match="conduit-widget model install"):
        await answer(server, ask("Hello!"))
    assert server.pid is None
    await server.aclose()


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ('print(\'{"code":"engine_missing","error":"x"}\')', r"pip install 'conduit_widget\[local\]'"),
        ("import sys; sys.exit(3)", "could not be loaded"),
        ("import time; time.sleep(60)", "was not ready within 0.5 s"),
    ],
)
async def test_child_that_does_not_serve_is_one_line(program: str, words: str) -> None:
    """A missing engine, an early exit and a child that hangs each say what to do; none is left running."""
    timeout = 0.5 if "sleep" in program else 30.0
    server = LocalServer(the_small_model, command=[sys.executable, "-c", program], ready_timeout=timeout)
    with pytest.raises(ProviderError, match=words):
        await server.start()
    assert server.pid is None
    await server.aclose()


async def test_closing_does_not_wait_for_a_child_that_hangs() -> None:
    """A hub that ends while the model is loading ends at once."""
    hang = [sys.executable, "-c", "import time; time.sleep(60)"]
    server = LocalServer(the_small_model, command=hang)
    starting = asyncio.create_task(server.start())
    await eventually(lambda: server.pid is not None)
    await asyncio.wait_for(server.aclose(), 30)
    with pytest.raises(ProviderError):
        await starting


async def test_hub_finds_the_installed_model() -> None:
    """With nothing configured the hub ends at the local model, which answers and says that it is small."""
    settings = ProviderSettings(detect=False, models_dir=installed_model().parent)
    directory = ProviderDirectory(settings)
    await directory.start()
    try:
        assert directory.current().provider == "local"
        provider = directory.select()
        async with aclosing(provider.generate(ask("Count to five.", max_tokens=20))) as chunks:
            assert [chunk async for chunk in chunks]
        assert directory.current().reason == "Small local model, often wrong."
    finally:
        await directory.aclose()


async def test_two_local_models_stand_side_by_side(tmp_path: Path) -> None:
    """A name and a path in config.toml are two providers, each a process of its own, both answer."""
    (tmp_path / "config.toml").write_text(
        f"""
        [[providers]]
        name = "first"
        kind = "local"
        model = "{MODEL_NAME}"

        [[providers]]
        name = "second"
        kind = "local"
        model = "{second_model(tmp_path)}"
        """
    )
    environment = {"CONDUIT_MODELS_DIR": str(installed_model().parent)}
    directory = ProviderDirectory(ProviderSettings.load(tmp_path, environ=environment))
    await directory.start()
    try:
        assert [status.provider for status in directory.statuses()] == ["first", "second"]
        models = []
        for name in ("first", "second"):
            async with aclosing(directory.select(name).generate(ask("Say hello.", max_tokens=5))) as chunks:
                models += [{chunk.model async for chunk in chunks}]
        assert models == [{MODEL_NAME}, {"Second-135M"}]
    finally:
        await directory.aclose()
