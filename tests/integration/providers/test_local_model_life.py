"""The life of a local model's process: loading, switching, resting, and every way it can end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import psutil
import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.directory import ProviderDirectory
from conduit_widget.providers.local import crashes, library, server as local_server
from conduit_widget.providers.local.child import ChildSettings
from conduit_widget.providers.local.library import LocalModel
from conduit_widget.providers.local.model import MODEL_NAME
from conduit_widget.providers.local.process import COMMAND
from conduit_widget.providers.local.server import SMALL_MODEL_NOTE, LocalServer
from conduit_widget.providers.outcome import GenerationOutcome
from conduit_widget.providers.provider import Chunk, GenerationParameters, GenerationRequest, PromptMessage
from tests.support.providers.gguf import gguf
from tests.support.providers.local_model import installed_model, local_model_at, second_model
from tests.support.waiting import eventually

STORY = "Tell me a very long story about a dragon, with many chapters."
WAITED = 77
"""Code with which :data:`WAITING_CHILD` ends where it waits for the engine's threads."""
CHILD = "import runpy; runpy.run_module('conduit_widget.providers.local.child', run_name='__main__')"

WAITING_CHILD = f"""
import atexit, os, xllamacpp

class Server(xllamacpp.Server):
    def __del__(self):
        os._exit({WAITED})

xllamacpp.Server = Server
atexit.register(os._exit, {WAITED})
{CHILD}
"""


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


@asynccontextmanager
async def running(
    find: Callable[[], LocalModel] = the_small_model, **options: Any
) -> AsyncIterator[LocalServer]:
    """A local model; no process of it is left afterwards."""
    server = LocalServer(find, **options)
    try:
        yield server
    finally:
        await server.aclose()
        assert server.pid is None


def dying(how: signal.Signals) -> list[str]:
    """A child that dies of a signal as soon as it runs."""
    return [sys.executable, "-c", f"import os; os.kill(os.getpid(), {how.value})"]


async def error_of(server: LocalServer) -> ProviderError:
    """The error of one question."""
    with pytest.raises(ProviderError) as caught:
        await answer(server, ask("Hello!"))
    return caught.value


@pytest.fixture
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first pauses after a crash are over at once."""
    monkeypatch.setattr(crashes, "_FIRST_PAUSE", 0.001)


async def test_idle_model_is_unloaded_and_loads_again_at_the_next_question() -> None:
    """Nobody asks for a while: its memory is free. People see that it loads, and what it is."""
    notes: list[str] = []
    others = set(psutil.Process().children())
    async with running(idle_seconds=0.05, on_note=notes.append) as server:
        assert (await answer(server, ask("Hello!", max_tokens=3)))[-1].finish_reason
        await eventually(lambda: server.pid is None, what="an unloaded model")
        await eventually(lambda: set(psutil.Process().children()) <= others, what="the end of its process")
        assert (await answer(server, ask("Hello!", max_tokens=3)))[-1].finish_reason
    assert notes == [f"Loading the model {MODEL_NAME}", SMALL_MODEL_NOTE] * 2


async def test_people_see_that_the_model_loads() -> None:
    """The provider's status says so from the question on, and what the model is when it is ready."""
    directory = ProviderDirectory(ProviderSettings(detect=False, models_dir=installed_model().parent))
    await directory.start()
    try:
        reasons: list[str] = []
        directory.on_change(lambda status: reasons.append(status.reason))
        async with aclosing(directory.select().generate(ask("Hello!", max_tokens=3))) as chunks:
            assert [chunk async for chunk in chunks]
        assert reasons[:2] == [f"Loading the model {MODEL_NAME}", SMALL_MODEL_NOTE]
    finally:
        await directory.aclose()


async def test_model_is_not_unloaded_while_it_writes() -> None:
    """A pause between two tokens is no rest, however short the rest is that is configured."""
    async with running(idle_seconds=0.0) as server:
        async with aclosing(server.generate(ask(STORY, max_tokens=30))) as chunks:
            texts = [chunk.text async for chunk in chunks]
        assert len(texts) >= 20
        await eventually(lambda: server.pid is None, what="an unloaded model")


async def test_stop_while_loading_leaves_the_load_to_the_next_question() -> None:
    """Who stops waiting gets away at once; the model goes on loading, and is not loaded twice."""
    notes: list[str] = []
    async with running(on_note=notes.append) as server:
        asking = asyncio.create_task(answer(server, ask("Hello!")))
        await eventually(lambda: notes, what="the load to begin")
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (await answer(server, ask("Hello!", max_tokens=3)))[-1].finish_reason
    assert notes.count(f"Loading the model {MODEL_NAME}") == 1


async def test_use_switches_new_answers_and_lets_open_ones_finish(tmp_path: Path) -> None:
    """`conduit-widget model use` while an answer is being written: it ends with the model it began with."""
    models = tmp_path / "models"
    models.mkdir()
    second_model(models, "First")
    second_model(models, "Second")
    library.use(models, "First")
    async with running(lambda: library.find(models, None)) as server:
        async with aclosing(server.generate(ask(STORY, max_tokens=60))) as open_answer:
            first = await anext(open_answer)
            old = server.pid
            library.use(models, "Second")
            assert {chunk.model for chunk in await answer(server, ask("Hello!", max_tokens=3))} == {"Second"}
            rest = [chunk async for chunk in open_answer]
        assert {first.model, *(chunk.model for chunk in rest)} == {"First"}
        assert rest[-1].finish_reason == "length"
        assert old is not None
        await eventually(lambda: not psutil.pid_exists(old), what="the end of the first model's process")
        assert await server.models() == ["Second"]


@pytest.mark.usefixtures("_no_pauses")
async def test_answer_after_each_kill_works(tmp_path: Path) -> None:
    """`kill -9` in mid-answer, again and again: each answer says to ask again, and each next one works."""
    async with running() as server:
        for _ in range(4):
            chunks = server.generate(ask(STORY))
            await anext(chunks)
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            with pytest.raises(ProviderError, match="Ask again") as caught:
                [chunk async for chunk in chunks]
            assert (caught.value.code, caught.value.recoverable) == ("truncated", True)
            assert (await answer(server, ask("Hello!", max_tokens=3)))[-1].finish_reason


@pytest.mark.usefixtures("_no_pauses")
async def test_model_that_keeps_ending_is_left_alone_with_a_line_that_says_why() -> None:
    """After three crashes a question fails at once; it says the cause, the next try, and what to do."""
    async with running(command=dying(signal.SIGSEGV)) as server:
        for _ in range(crashes.LOOP):
            assert "it crashed with SIGSEGV" in str(await error_of(server))
        server._crashes._retry_at += 1000
        error = await error_of(server)
        assert "failed 3 times in a row (it crashed with SIGSEGV)" in str(error)
        assert "model use NAME" in str(error)
        assert (error.code, error.recoverable) == ("local_model_down", False)
        assert error.retry_after is not None
        with pytest.raises(ProviderError, match="3 times in a row"):
            await server.models()
        # Whatever was wrong is mended: the next look, when the pause is over, finds it well.
        server._command = COMMAND
        server._crashes._retry_at = 0.0
        assert await server.models() == [MODEL_NAME]
        assert (await answer(server, ask("Hello!", max_tokens=3)))[-1].finish_reason


async def test_hub_shows_a_model_that_keeps_ending_as_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state people see stays down, with the cause, while looks at it find that it cannot start."""
    defaults = {**(LocalServer.__init__.__kwdefaults__ or {}), "command": dying(signal.SIGSEGV)}
    monkeypatch.setattr(LocalServer.__init__, "__kwdefaults__", defaults)
    settings = ProviderSettings(detect=False, models_dir=installed_model().parent)
    directory = ProviderDirectory(settings, check_interval=0.02, probe_interval=0.02)
    await directory.start()
    try:
        for _ in range(crashes.LOOP):
            with pytest.raises(ProviderError) as caught:
                [chunk async for chunk in directory.select().generate(ask("Hello!"))]
            error = caught.value
            directory.record(
                GenerationOutcome(provider="local", duration=1.0, error=error, error_type=error.type)
            )
        await eventually(lambda: "times in a row (it crashed with SIGSEGV)" in directory.current().reason)
        assert directory.current().state == "down"
    finally:
        await directory.aclose()


async def test_cpu_that_lacks_instructions_is_named_as_the_cause() -> None:
    """A child that dies of an illegal instruction is not started over and over."""
    async with running(command=dying(signal.SIGILL)) as server:
        for _ in range(2):
            error = await error_of(server)
            assert "CPU of this computer lacks instructions" in str(error)
            assert "Ollama" in str(error)
            assert (error.code, error.recoverable) == ("unsupported_cpu", False)
        with pytest.raises(ProviderError, match="lacks instructions"):
            await server.models()


async def test_model_larger_than_the_memory_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says how much it needs and how much there is; no process is started."""
    monkeypatch.setattr(local_server, "available_memory", lambda: 100_000_000)
    async with running(command=["/nonexistent"]) as server:
        error = await error_of(server)
        assert f"{MODEL_NAME} needs about 0.4 GB of memory, 0.1 GB are free" in str(error)
        assert error.code == "too_little_memory"
        with pytest.raises(ProviderError, match="needs about"):
            await server.models()


async def test_memory_that_runs_out_while_loading_is_named_as_the_cause() -> None:
    """A real child in which the engine gets no memory."""
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_AS, (300 << 20,) * 2); {CHILD}"
    async with running(command=[sys.executable, "-c", limited]) as server:
        error = await error_of(server)
    assert "found too little memory" in str(error)
    assert error.code == "too_little_memory"


async def test_child_killed_while_loading_may_have_wanted_memory() -> None:
    """That is how the system takes memory back."""
    async with running(command=dying(signal.SIGKILL)) as server:
        assert "perhaps for want of memory" in str(await error_of(server))


@pytest.mark.parametrize("is_whole", [True, False], ids=["loads", "fails"])
def test_child_whose_parent_was_killed_while_it_loaded_ends_at_once(
    tmp_path: Path, *, is_whole: bool
) -> None:
    """The server's destructor and Python's own end wait for the engine's threads, now and then for ever."""
    settings = ChildSettings(
        model_path=str(the_small_model().path),
        model_name="orphan",
        api_key="key",
        path_prefix="/prefix",
        threads=1,
        slots=1,
        context_tokens=512,
    )
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", WAITING_CHILD], stdin=pipe, stdout=pipe, stderr=pipe
    ) as child:
        assert child.stdin is not None
        child.stdin.write(msgspec.json.encode(settings) + b"\n")
        for ours in (child.stdin, child.stdout, child.stderr):
            assert ours is not None
            ours.close()
        try:
            assert child.wait(120) != WAITED
        finally:
            child.kill()


async def test_architecture_the_engine_does_not_know_is_named(tmp_path: Path) -> None:
    """A model newer than the engine: upgrade it, do not fetch the file again."""
    path = tmp_path / "new.gguf"
    path.write_bytes(gguf({"general.architecture": "tomorrow"}))
    async with running(lambda: local_model_at(path)) as server:
        error = await error_of(server)
    assert "does not know its architecture" in str(error)
    assert "pip install --upgrade xllamacpp" in str(error)


PATHS = (
    *(
        "/",
        "/index.html",
        "/health",
        "/v1/health",
        "/models",
        "/v1/models",
        "/api/tags",
        "/api/show",
        "/props",
    ),
    *("/slots", "/metrics", "/tokenize", "/detokenize", "/apply-template", "/lora-adapters", "/infill"),
    *("/completion", "/completions", "/v1/completions", "/chat/completions", "/v1/chat/completions"),
    *("/embedding", "/v1/embeddings", "/rerank", "/v1/responses", "/v1/messages", "/api/chat", "/tools"),
    *("/cors-proxy", "/nonsense", "//health", "/HEALTH"),
)


async def test_port_is_useless_without_the_key() -> None:
    """Nothing is served outside a path nobody can guess; in it everything is 401 without the key."""
    async with running() as server:
        await server.start()
        assert server._process is not None
        assert server._process.endpoint is not None
        base = server._process.endpoint._base_url.removesuffix("/v1")
        origin, _, prefix = base.rpartition("/")
        assert len(prefix) >= 32
        async with httpx2.AsyncClient(trust_env=False) as client:
            for path in PATHS:
                for method in ("GET", "POST", "PUT", "DELETE", "HEAD"):
                    for key in ({}, {"Authorization": "Bearer wrong"}, {"X-Api-Key": "wrong"}):
                        inside = await client.request(method, f"{base}{path}", headers=key)
                        assert inside.status_code == 401, (method, path)
                        outside = await client.request(method, f"{origin}{path}", headers=key)
                        assert outside.status_code in {401, 404}, (method, path)
            page = {"Origin": "https://evil.example"}
            reply = await client.get(f"{base}/v1/models", headers=page)
            assert reply.headers.get("access-control-allow-origin") not in {"*", "https://evil.example"}
