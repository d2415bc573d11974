"""``python -m tests.load bus``: messages a second from one node to another through Redis, and their CPU time.

Two processes and a Redis of their own. ``append`` keeps each message in the hot window too. A row's bursts
are what one turn of the loop publishes. The receiver counts every one:
a row with fewer arrivals than messages fails. Known figures on one engine: one Lua call each 17,500 a second,
pipelined 31,000.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from typing import Final

from conduit_widget.hub.backplane.redis import RedisBackplane
from conduit_widget.hub.backplane.redis_queue import MAX_QUEUE_BYTES
from tests.support.servers.redis import RedisServer

PAYLOAD: Final = b"x" * 200
ROWS: Final = ((1, 1), (8, 1), (64, 1), (64, 64), (512, 64))


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bus``."""
    parser.add_argument("--messages", type=int, default=50_000, help="messages a row")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 1 when a message was lost."""
    with RedisServer() as server:
        return asyncio.run(_measure(server.url, arguments.messages))


async def _measure(url: str, messages: int) -> int:
    print(f"{messages} messages of {len(PAYLOAD)} bytes a row; CPU µs a message")
    heads = ("kind", "burst", "channels", "a second", "sender", "receiver", "arrived")
    print("".join(f"{head:>10}" for head in heads))
    node = RedisBackplane(url)
    await node.start()
    ready = asyncio.Event()
    results: asyncio.Queue[tuple[int, float]] = asyncio.Queue()
    node.subscribe("ready", lambda _sender, _payload: ready.set())

    def result(_sender: str, payload: bytes) -> None:
        count, cpu = payload.split()
        results.put_nowait((int(count), float(cpu)))

    node.subscribe("results", result)
    await node.subscribed("results")
    listener = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.load.bus", url)
    lost = False
    try:
        await asyncio.wait_for(ready.wait(), 20)
        for kind in ("publish", "append"):
            for burst, channels in ROWS:
                lost |= not await _row(node, results, kind, burst=burst, channels=channels, messages=messages)
    finally:
        listener.terminate()
        await listener.wait()
        await node.aclose()
    return int(lost)


async def _row(
    node: RedisBackplane,
    results: asyncio.Queue[tuple[int, float]],
    kind: str,
    *,
    burst: int,
    channels: int,
    messages: int,
) -> bool:
    names = [f"c{number}" for number in range(channels)]
    sent = 0
    begun, cpu = time.perf_counter(), time.process_time()
    while sent < messages:
        for _ in range(min(burst, messages - sent)):
            sent += 1
            if kind == "publish":
                node.publish(names[sent % channels], PAYLOAD)
            else:
                node.append(names[sent % channels], sent, PAYLOAD)
        await asyncio.sleep(0)
        while node.queued_bytes > MAX_QUEUE_BYTES // 2:  # noqa: ASYNC110 - a hub would go on, and drop
            await asyncio.sleep(0.001)
    cpu = time.process_time() - cpu
    node.publish("end", b"")
    arrived, receiver = await asyncio.wait_for(results.get(), 60)
    rate = arrived / (time.perf_counter() - begun)
    figures = (f"{cpu / sent * 1e6:.1f}", f"{receiver / sent * 1e6:.1f}", arrived)
    print(f"{kind:>10}{burst:>10}{channels:>10}{rate:>10,.0f}" + "".join(f"{item:>10}" for item in figures))
    return arrived == sent


async def _listen(url: str) -> None:
    """Count what arrives; at each end say how many, and the CPU time they took."""
    node = RedisBackplane(url)
    await node.start()
    count, cpu = 0, time.process_time()

    def heard(_sender: str, _payload: bytes) -> None:
        nonlocal count
        count += 1

    def ended(_sender: str, _payload: bytes) -> None:
        nonlocal count, cpu
        node.publish("results", b"%d %f" % (count, time.process_time() - cpu))
        count, cpu = 0, time.process_time()

    for number in range(64):
        node.subscribe(f"c{number}", heard)
    node.subscribe("end", ended)
    await node.subscribed("end")
    node.publish("ready", b"")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_listen(sys.argv[1]))
