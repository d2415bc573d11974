"""signalrcore (PyPI) connects to our hub over every transport: calls, events, streams both ways.

Over events and long polling it posts its handshake beside or before its first GET; the hub holds such posts.
Of a poll's records it takes the first, and the next one with the next poll: so no bursts over long polling.
It listens to a stream once the call is out, so what comes before a post returns is lost: no streams there.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.hub.interop_hub import PATH, interop_app
from tests.support.hub.server import running, token
from tests.support.waiting import eventually_sync

builder_module = importlib.import_module("signalrcore.hub_connection_builder")
types_module = importlib.import_module("signalrcore.types")
json_module = importlib.import_module("signalrcore.protocol.json_hub_protocol")
messagepack_module = importlib.import_module("signalrcore.protocol.messagepack_protocol")
subject_module = importlib.import_module("signalrcore.subject")

WAIT = 60.0


@contextlib.contextmanager
def _connected(address: str, transport: str, protocol: Any) -> Iterator[Any]:
    builder = builder_module.HubConnectionBuilder()
    connection = (
        builder.with_url(
            f"{address}?access_token={token('ann')}",
            options={"transport": types_module.HttpTransportType(transport)},
        )
        .with_hub_protocol(protocol)
        .configure_logging(logging.CRITICAL)
        .build()
    )
    opened = threading.Event()
    connection.on_open(opened.set)
    connection.start()
    try:
        assert opened.wait(WAIT), "signalrcore did not connect"
        yield connection
    finally:
        connection.stop()


def _call(connection: Any, method: str, *arguments: Any) -> Any:
    answers: list[Any] = []
    connection.on_error(answers.append)
    connection.send(method, list(arguments), answers.append)
    return eventually_sync(lambda: answers, within=WAIT, what=f"{method} answers")[0]


def _count(connection: Any, number: int) -> list[int]:
    """Read a stream. signalrcore asks before it listens: one that ends in between is asked for again."""
    for _ in range(12):
        items = _count_once(connection, number)
        if len(items) == number:
            return items
    raise AssertionError("no stream came whole")


def _count_once(connection: Any, number: int) -> list[int]:
    items: list[int] = []
    ended = threading.Event()
    connection.stream("Count", [number]).subscribe(
        {"next": items.append, "complete": lambda _: ended.set(), "error": items.append}
    )
    ended.wait(WAIT / 12)
    return items


def _use(address: str, transport: str, protocol: Any) -> None:
    with _connected(address, transport, protocol) as connection:
        assert _call(connection, "Echo", {"text": "grüße 😀"}).result == {"text": "grüße 😀"}
        assert _call(connection, "Refuse", "not today").error == "not today"
        if transport == "LongPolling":
            return
        numbers: list[int] = []
        connection.on("Number", numbers.extend)
        connection.send("ToCaller", [50])
        eventually_sync(lambda: numbers == list(range(50)), within=WAIT, what="50 events in order")
        if transport == "WebSockets":
            assert _count(connection, 20) == list(range(20))
        if type(protocol) is messagepack_module.MessagePackHubProtocol:
            return  # its MessagePack uploads leave the invocation id out of the Invocation
        said: list[list[str]] = []
        connection.on("Said", said.append)
        subject = subject_module.Subject()
        connection.send("TellSum", subject)
        for value in (1, 2, 3):
            subject.next(value)
        subject.complete()
        eventually_sync(lambda: said == [["ann", "6"]], within=WAIT, what="the upload's sum")


@pytest.mark.parametrize(
    ("transport", "protocol"),
    [
        ("WebSockets", json_module.JsonHubProtocol),
        ("WebSockets", messagepack_module.MessagePackHubProtocol),
        ("ServerSentEvents", json_module.JsonHubProtocol),
        ("LongPolling", json_module.JsonHubProtocol),
    ],
)
async def test_signalrcore_calls_listens_and_streams_when_it_uses_our_hub(
    transport: str, protocol: Any
) -> None:
    """Results, errors, events in order, a stream and an upload work for signalrcore."""
    # Its stop() waits for a thread that waits for the next message, which may be a ping.
    async with running(interop_app(keep_alive_interval=0.5)) as url:
        await asyncio.to_thread(_use, url + PATH, transport, protocol())
