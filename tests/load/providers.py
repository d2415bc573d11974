"""providers: the processor time of one streamed chunk, and many answers at the same time.

A server in a process of its own sends answers. *Burst*: as fast as it can, many chunks a read. *One a read*:
one event a write with a pause after it, as hosted services send; waking up the loop for each chunk is in the
figure. Measured is the time of this process's processor from the socket to a chunk of the adapter, or to the
hub's event (``generation``). ``--rivals`` installs the openai SDK and LiteLLM into a place of their own
and measures them in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import aclosing
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any, Final

from conduit_widget.chat.answers.answer_options import AnswerOptions
from conduit_widget.chat.answers.generation import Generation
from conduit_widget.chat.answers.generation_job import GenerationJob
from conduit_widget.chat.history.store import StoredStream
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.providers.anthropic.adapter import AnthropicMessages
from conduit_widget.providers.failover.health import ProviderHealth
from conduit_widget.providers.failover.policy import FailoverPolicy
from conduit_widget.providers.failover.router import Candidate, Router
from conduit_widget.providers.openai.adapter import OpenAICompatible
from conduit_widget.providers.outcome import GenerationOutcome
from conduit_widget.providers.provider import GenerationRequest, PromptMessage, Provider
from conduit_widget.types import ChatMessage, HistoryPage, StreamMetadata

REQUEST: Final = GenerationRequest(messages=[PromptMessage("user", "?")])
SHAPES: Final = ("text", "reasoning", "parts", "anthropic")
RIVALS: Final = ("openai", "litellm")
_RIVAL: Final = Path(__file__).parent / "peers" / "provider_sdk.py"
_PAUSE: Final = 0.001
_RATE: Final = 50


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``providers``."""
    parser.add_argument("--chunks", type=int, default=20_000, help="chunks of an answer in bursts")
    parser.add_argument("--single", type=int, default=2_000, help="chunks of an answer with one a read")
    parser.add_argument("--rounds", type=int, default=5, help="answers of each shape; the best one counts")
    parser.add_argument("--parallel", type=int, default=200, help="answers at the same time, at 50 chunks/s")
    parser.add_argument("--seconds", type=int, default=10, help="how long those go on")
    parser.add_argument("--rivals", action="store_true", help="measure the openai SDK and LiteLLM as well")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    ours, theirs = multiprocessing.Pipe()
    counts = {
        "burst": arguments.chunks,
        "single": arguments.single,
        "paced": arguments.seconds * _RATE,
    }
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, counts), daemon=True)
    server.start()
    try:
        asyncio.run(_measure(f"http://127.0.0.1:{ours.recv()}", counts, arguments))
    finally:
        server.terminate()
        server.join()
    return 0


async def _measure(url: str, counts: dict[str, int], arguments: argparse.Namespace) -> None:
    print(f"{'µs of the processor a chunk':<30}{'burst':>10}{'one a read':>12}")
    for shape in SHAPES:
        await _row(f"adapter, {shape}", _answer, f"{url}/{shape}", counts, arguments.rounds)
    await _row("router, text", _routed_answer, f"{url}/text", counts, arguments.rounds)
    for shape in ("text", "anthropic"):
        await _row(f"generation, {shape}", _generation, f"{url}/{shape}", counts, arguments.rounds)
    if arguments.rivals:
        python = _rivals_python()
        for name in RIVALS:
            figures = [
                _rival(python, name, f"{url}/text/{mode}", arguments.rounds) / counts[mode] * 1e6
                for mode in ("burst", "single")
            ]
            print(f"{name:<30}{figures[0]:>10.2f}{figures[1]:>12.2f}")
    for shape in ("text", "anthropic"):
        await _parallel(url, shape, arguments.parallel, counts["paced"])


async def _row(
    title: str,
    measure: Callable[[Provider], Awaitable[float]],
    url: str,
    counts: dict[str, int],
    rounds: int,
) -> None:
    figures = []
    for mode in ("burst", "single"):
        provider = _provider(f"{url}/{mode}")
        best = min([await measure(provider) for _ in range(rounds)])
        await provider.aclose()
        figures.append(best / counts[mode] * 1e6)
    print(f"{title:<30}{figures[0]:>10.2f}{figures[1]:>12.2f}", flush=True)


def _provider(url: str) -> Provider:
    kind = AnthropicMessages if "/anthropic/" in url else OpenAICompatible
    provider: Provider = kind("bench", url, model="m")
    return provider


async def _answer(provider: Provider) -> float:
    """Read one answer; return the seconds of this process's processor it took."""
    started = time.process_time()
    async with aclosing(provider.generate(REQUEST)) as chunks:
        async for _ in chunks:
            pass
    return time.process_time() - started


async def _routed_answer(provider: Provider) -> float:
    """Read one answer through a router over the provider and one that is never asked."""
    spare = _provider("http://127.0.0.1:9/v1")
    candidates = [Candidate(each, ProviderHealth(each.name, lambda _: None)) for each in (provider, spare)]
    return await _answer(Router(candidates, FailoverPolicy()))


async def _parallel(url: str, shape: str, answers: int, chunks: int) -> None:
    """Read many answers at the same time; print the load of a core and how long chunks were on their way."""
    provider = _provider(f"{url}/{shape}/paced")
    delays: list[float] = []

    async def read() -> None:
        async with aclosing(provider.generate(REQUEST)) as pieces:
            async for piece in pieces:
                if piece.text:
                    delays.append(time.monotonic() - float(piece.text.split()[-1]))

    began, used = time.monotonic(), time.process_time()
    await asyncio.gather(*(read() for _ in range(answers)))
    used, took = time.process_time() - used, time.monotonic() - began
    await provider.aclose()
    delays.sort()
    print(
        f"{answers} answers at {_RATE}/s, {shape}: {len(delays) / (answers * chunks):.1%} of the chunks, "
        f"{used / took:.0%} of a core, {used / len(delays) * 1e6:.0f} µs a chunk, on their way "
        f"{median(delays) * 1e3:.1f} ms (p50), {delays[int(len(delays) * 0.99)] * 1e3:.1f} ms (p99), "
        f"{took:.1f} s",
        flush=True,
    )


class _Room:
    """A conversation in which nobody listens: what the hub's event costs beyond it is the hub's."""

    conversation_id = "c"
    is_on_several_nodes = False
    system_prompt = None

    def turn(self, _answer_seq: int) -> Coroutine[Any, Any, bool] | None:
        return None

    def stream(self, text: str, metadata: StreamMetadata) -> None:
        pass

    async def ancestors(self, _message_id: str, _limit: int) -> HistoryPage:
        return HistoryPage(messages=[{"id": "q", "role": "user", "content": "?"}], has_more=False)

    async def checkpoint(self, stream: StoredStream) -> None:
        pass

    async def finish_answer(self, message: ChatMessage, on_commit: Callable[[], None]) -> None:
        on_commit()


class _Choice:
    """One provider, and nobody who wants to know."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def select(self, provider: str | None, model: str | None, *, failover: bool | None = None) -> Provider:
        return self._provider

    def price(self, *_: Any) -> None:
        return None

    def began(self) -> None:
        pass

    def ended(self, outcome: GenerationOutcome) -> None:
        pass

    def failed_over(self, *_: Any) -> None:
        pass


async def _generation(provider: Provider) -> float:
    """Write one answer into a conversation; return the seconds of this process's processor it took."""
    answer = ChatMessage(id="a", role="assistant", content="", metadata={"seq": 2})
    job = GenerationJob(
        conversation=_Room(), author_id="u", answer=answer, answer_seq=2, options=AnswerOptions()
    )
    choice = _Choice(provider)
    generation = Generation(job, choice, ChatSettings(), choice)
    started = time.process_time()
    generation.claim()
    await generation.run()
    return time.process_time() - started


def _rivals_python() -> Path:
    """Return an interpreter that has the rivals; they are installed when they are not there yet."""
    home = Path(tempfile.gettempdir()) / "conduit-widget-provider-rivals"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *RIVALS], check=True)
        (home / "ready").touch()
    return python


def _rival(python: Path, name: str, url: str, rounds: int) -> float:
    """Return the seconds of its process's processor that a rival's best answer took."""
    command = [str(python), str(_RIVAL), name, url, str(rounds)]
    environ = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    return float(subprocess.check_output(command, text=True, timeout=600, env=environ).split()[-1])


def _delta(shape: str, word: str) -> dict[str, Any]:
    if shape == "parts":
        return {"content": [{"type": "text", "text": word}]}
    return {"content": word} if shape == "text" else {"content": None, "reasoning_content": word}


def _event(shape: str, word: str) -> bytes:
    if shape == "anthropic":
        block = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
        return b"event: content_block_delta\ndata: " + json.dumps(block).encode() + b"\n\n"
    choice = {"index": 0, "delta": _delta(shape, word), "logprobs": None, "finish_reason": None}
    payload = {
        "id": "chatcmpl-0123456789",
        "object": "chat.completion.chunk",
        "created": 1_760_000_000,
        "model": "model-2026-01-01",
        "system_fingerprint": "fp_0123456789",
        "choices": [choice],
    }
    return b"data: " + json.dumps(payload).encode() + b"\n\n"


def _end(shape: str) -> bytes:
    if shape == "anthropic":
        return b'data: {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}\n\n'
    return b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'


def _chunked(data: bytes) -> bytes:
    """As real servers frame it: one chunk an event."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _serve(pipe: Connection, counts: dict[str, int]) -> None:
    asyncio.run(_serving(pipe, counts))


async def _serving(pipe: Connection, counts: dict[str, int]) -> None:
    server = await asyncio.start_server(_handler(counts), "127.0.0.1", 0, backlog=1000)
    pipe.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _handler(
    counts: dict[str, int],
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r", 1)[0]))
        shape, mode = head.split(b" ", 2)[1].decode().split("/")[1:3]
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )
        due = time.monotonic()
        for number in range(counts[mode]):
            if mode == "paced":
                due += 1 / _RATE
                await asyncio.sleep(due - time.monotonic())
            word = f" {time.monotonic():.6f}" if mode == "paced" else f" word{number % 10}"
            writer.write(_chunked(_event(shape, word)))
            if mode == "single":
                await asyncio.sleep(_PAUSE)
            elif number % 20 == 0:
                await writer.drain()
        writer.write(_chunked(_end(shape)) + b"0\r\n\r\n")
        await writer.drain()
        writer.close()

    return answer
