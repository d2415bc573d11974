"""providers: the processor time of one streamed chunk, from the socket to a chunk of text.

A server in a process of its own sends an answer: in bursts, as hosted services do when they are quick, and so
slowly that each read brings one chunk. ``router`` is the same answer with a second provider to fall back to.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from multiprocessing.connection import Connection
from typing import Any

from conduit_widget.providers.failover_policy import FailoverPolicy
from conduit_widget.providers.health import ProviderHealth
from conduit_widget.providers.openai.adapter import OpenAICompatible
from conduit_widget.providers.provider import GenerationRequest, PromptMessage, Provider
from conduit_widget.providers.router import Candidate, Router

REQUEST = GenerationRequest(messages=[PromptMessage("user", "?")])
SHAPES = ("text", "reasoning", "parts")
ROUTED = "router"
SINGLE_SHARE = 20
"""One part in this many of the chunks is sent one by one."""
PACE = 0.002
"""Seconds between two chunks of which each is read by itself."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``providers``."""
    parser.add_argument("--chunks", type=int, default=20_000, help="chunks of an answer")
    parser.add_argument("--rounds", type=int, default=5, help="answers of each shape; the best one counts")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(theirs, arguments.chunks), daemon=True
    )
    server.start()
    try:
        asyncio.run(_measure(ours.recv(), arguments.chunks, arguments.rounds))
    finally:
        server.terminate()
        server.join()
    return 0


async def _measure(port: int, chunks: int, rounds: int) -> None:
    single = chunks // SINGLE_SHARE
    print(f"{'µs a chunk':<12}{'in bursts':>12}{'one a read':>12}")
    for shape in (*SHAPES, ROUTED):
        figures = []
        for way, count in (("burst", chunks), ("single", single)):
            path = f"{'text' if shape == ROUTED else shape}-{way}"
            provider = OpenAICompatible("bench", f"http://127.0.0.1:{port}/{path}", model="m")
            asked = _routed(provider) if shape == ROUTED else provider
            best = min([await _answer(asked) for _ in range(rounds)])
            await provider.aclose()
            figures.append(best / count * 1e6)
        print(f"{shape:<12}{figures[0]:>12.2f}{figures[1]:>12.2f}")


def _routed(provider: OpenAICompatible) -> Router:
    """Return a router over the provider and one that is never asked."""
    spare = OpenAICompatible("spare", "http://127.0.0.1:9/v1", model="m")
    candidates = [Candidate(each, ProviderHealth(each.name, lambda _: None)) for each in (provider, spare)]
    return Router(candidates, FailoverPolicy())


async def _answer(provider: Provider) -> float:
    """Read one answer; return the seconds of this process's processor it took."""
    started = time.process_time()
    async with aclosing(provider.generate(REQUEST)) as chunks:
        async for _ in chunks:
            pass
    return time.process_time() - started


def _delta(shape: str, word: str) -> dict[str, Any]:
    if shape == "parts":
        return {"content": [{"type": "text", "text": word}]}
    return {"content": word} if shape == "text" else {"content": None, "reasoning_content": word}


def _event(shape: str, number: int) -> bytes:
    choice = {
        "index": 0,
        "delta": _delta(shape, f" word{number % 10}"),
        "logprobs": None,
        "finish_reason": None,
    }
    payload = {
        "id": "chatcmpl-0123456789",
        "object": "chat.completion.chunk",
        "created": 1_760_000_000,
        "model": "model-2026-01-01",
        "system_fingerprint": "fp_0123456789",
        "choices": [choice],
    }
    return b"data: " + json.dumps(payload).encode() + b"\n\n"


def _serve(pipe: Connection, chunks: int) -> None:
    asyncio.run(_serving(pipe, chunks))


async def _serving(pipe: Connection, chunks: int) -> None:
    server = await asyncio.start_server(_handler(chunks), "127.0.0.1", 0)
    pipe.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _handler(chunks: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r", 1)[0]))
        shape, _, way = head.split(b" ", 2)[1].split(b"/")[1].decode().partition("-")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        for number in range(chunks if way == "burst" else chunks // SINGLE_SHARE):
            writer.write(_event(shape, number))
            if way == "single":
                await asyncio.sleep(PACE)
            elif number % 20 == 0:
                await writer.drain()
        writer.write(b"data: [DONE]\n\n")
        await writer.drain()
        writer.close()

    return answer
