"""``/metrics`` of a hub process after known traffic: every name of the contract, and the numbers are true."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import struct
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from conduit_widget.app import signing_authority
from conduit_widget.contract import CHAT_HUB_PATH, CONNECTIONS_PER_USER, READY_PATH, STATUS_HUB_PATH
from tests.support.hub.live_hub import LiveHub
from tests.support.hub.metrics_page import MetricsPage, read_metrics
from tests.support.hub.server import RawClient, negotiate, raw_client, stopped_reader
from tests.support.processes.command import run_command
from tests.support.providers.scripted_model import MODEL, PROMPT_TOKENS, ScriptedModel, script_of
from tests.support.signalr.client_frames import invocation
from tests.support.waiting import eventually

HUB: Final = "conduit_signalr_"
GEN_AI: Final = frozenset({"gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_response_model"})
CONTRACT: Final = {
    "connections_active": ("gauge", {"hub"}),
    "connections": ("counter", {"hub", "status"}),
    "connection_duration_seconds": ("histogram", {"hub"}),
    "messages": ("counter", {"hub", "method", "direction"}),
    "message_processing_seconds": ("histogram", {"hub", "method"}),
    "reconnections": ("counter", {"hub"}),
    "errors": ("counter", {"hub", "kind"}),
    "delivery_latency_seconds": ("histogram", {"hub"}),
    "outbound_queue_bytes": ("gauge", {"hub"}),
    "closes": ("counter", {"hub", "reason"}),
    "recoveries": ("counter", {"result"}),
}
"""The names of the wire contract without their prefix: type and labels."""

GENERATIONS: Final = {
    "gen_ai_client_operation_duration_seconds": {*GEN_AI, "error_type"},
    "gen_ai_client_operation_time_to_first_chunk_seconds": set(GEN_AI),
    "gen_ai_client_operation_time_per_output_chunk_seconds": set(GEN_AI),
    "gen_ai_client_token_usage": {*GEN_AI, "gen_ai_token_type"},
}
ROOM: Final = "a-room-nobody-should-see"
PEOPLE: Final = ("ann-of-the-hill", "bob-of-the-lake")
MARKER: Final = "zanzibar"
_MEMBER: Final = """
import json, sys
from websockets.sync.client import connect
with connect(sys.argv[1], proxy=None) as socket:
    socket.send('{"protocol":"json","version":1}\\x1e')
    print(socket.recv(), flush=True)
    for _ in socket:
        pass
"""


class Traffic:
    """People on a hub process, and what they have sent and got."""

    def __init__(self, hub: LiveHub, key: str | None = None) -> None:
        self.hub = hub
        self._key = key
        self.url = hub.url
        self.sent: Counter[str] = Counter()
        self._authority = signing_authority(hub.data_dir, None)

    def token(self, user: str) -> str:
        return self._authority.issue(user, f"{user} the user", 60)

    def person(self, user: str) -> contextlib.AbstractAsyncContextManager[RawClient]:
        return raw_client(self.url, CHAT_HUB_PATH, self.token(user))

    async def call(self, client: RawClient, method: str, *arguments: Any) -> dict[str, Any]:
        self.sent[method] += 1
        return await client.invoke(method, *arguments)

    async def say(self, client: RawClient, respond: bool) -> str:
        id_ = str(uuid.uuid4())
        metadata = {"respond": respond}
        message = {
            "id": id_,
            "role": "user",
            "content": f"message {id_} {MARKER}",
            "metadata": metadata,
        }
        assert "result" in await self.call(client, "SendMessage", ROOM, message)
        return id_

    async def page(self) -> MetricsPage:
        return await read_metrics(self.url, self._key)


@contextlib.asynccontextmanager
async def _traffic(path: Path, *options: str) -> AsyncIterator[Traffic]:
    async with ScriptedModel(interval=0.002) as model:
        hub = LiveHub(path, model.environment, options)
        await asyncio.to_thread(hub.start)
        key = await asyncio.to_thread(
            run_command, "key", "create", "ops", "--role", "operator", "--data-dir", str(path)
        )
        try:
            yield Traffic(hub, key)
        finally:
            await asyncio.to_thread(hub.stop)


def _events(*clients: RawClient) -> dict[str, float]:
    found = Counter(r["target"] for client in clients for r in client.records if r["type"] == 1)
    return {name: float(count) for name, count in found.items()}


async def _answered(client: RawClient) -> None:
    """Read on until an answer's last state has come."""
    seen: list[dict[str, Any]] = []
    while not (seen and seen[-1].get("target") == "MessageUpdated"):
        seen.append(await client.read())
    client.records[:0] = seen


async def test_every_name_of_the_contract_is_there_and_the_numbers_are_what_happened(tmp_path: Path) -> None:
    """Types, labels, one count for each call, event, refusal and recovery; nobody and nothing by name."""
    # A hub for others: at one for its owner alone nobody calls too often.
    async with _traffic(tmp_path, "--allow-host", "hub.example") as traffic:
        before = await traffic.page()
        async with (
            traffic.person(PEOPLE[0]) as ann,
            traffic.person(PEOPLE[1]) as bob,
            traffic.person(PEOPLE[1]) as eager,
        ):
            await traffic.call(ann, "CreateConversation", {"id": ROOM, "visibility": "open"})
            joined = (await traffic.call(ann, "JoinConversation", ROOM))["result"]
            await traffic.call(bob, "JoinConversation", ROOM)
            for _ in range(3):
                await traffic.say(bob, respond=False)
            question = await traffic.say(ann, respond=True)
            await _answered(ann)
            for epoch in (joined["epoch"], "another"):
                await traffic.call(bob, "ResumeConversation", ROOM, epoch, joined["seq"])
            made = await traffic.call(ann, "CreateConversation", {"visibility": "members"})
            refused = await traffic.call(bob, "JoinConversation", made["result"]["conversationId"])
            assert refused["error"] == "Unauthorized"
            assert "error" in await traffic.call(bob, "JoinConversation", "")
            await bob.invoke("NoSuchMethod", MARKER)
            limited = await _ask_too_much(traffic, eager)
            assert "error" in await bob.invoke("SendMessage", ROOM, {"content": MARKER * 10_000})
            for client in (bob, ann):
                await traffic.call(client, "LeaveConversation", ROOM)
            during = await traffic.page()
            got = _events(ann, bob, eager)
        after = await eventually(lambda: _once_alone(traffic))

    _assert_the_contract_s_shape(during)
    page, hub = during, {"hub": CHAT_HUB_PATH}
    words = len(script_of(question).split(" "))
    assert page.by(f"{HUB}messages_total", "method", direction="in") == {**traffic.sent, "unknown": 1}
    assert page.by(f"{HUB}messages_total", "method", direction="out") == got
    assert got["ReceiveMessage"] == 2 * 5, "four messages and the answer, for two"
    assert page.by(f"{HUB}errors_total", "kind", **hub) == {
        "unauthorized": 1,
        "unknown_method": 1,
        "rate_limit": limited,
        "too_large": 1,
        "refused": 1,
    }
    run = {**traffic.sent, "LeaveConversation": traffic.sent["LeaveConversation"] - limited}
    assert page.by(f"{HUB}message_processing_seconds_count", "method", **hub) == run
    assert page.by(f"{HUB}recoveries_total", "result") == {"recovered": 1, "snapshot": 1}
    assert page.value(f"{HUB}connections_active", **hub) == 3
    assert page.by(f"{HUB}connections_total", "status") == {"accepted": 3}
    assert page.value(f"{HUB}delivery_latency_seconds_count", **hub) > 0
    _assert_generation(page, words)
    assert before.value(f"{HUB}connections_active", **hub) == 0
    assert after.value(f"{HUB}connection_duration_seconds_count", **hub) == 3
    assert after.gone_down_since(during) == during.gone_down_since(before) == []
    _assert_histograms_add_up(after)
    secrets = (*PEOPLE, ROOM, question, MARKER, "NoSuchMethod", joined["epoch"], "the user", "eyJ")
    assert [secret for secret in secrets if secret in during.text or secret in after.text] == []
    assert not [value for value in after.label_values() if _looks_like_an_id(value)]


async def _once_alone(traffic: Traffic) -> MetricsPage | None:
    page = await traffic.page()
    return None if page.value(f"{HUB}connections_active", hub=CHAT_HUB_PATH) else page


async def _ask_too_much(traffic: Traffic, client: RawClient) -> int:
    """Call in one frame more often than a burst allows; return how many were refused."""
    count = 60
    calls = [
        {"type": 1, "invocationId": f"f{n}", "target": "LeaveConversation", "arguments": [ROOM]}
        for n in range(count)
    ]
    traffic.sent["LeaveConversation"] += count
    await client.send(*calls)
    answers: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    while len(answers) < count:
        record = await client.read()
        (answers if record["type"] == 3 else others).append(record)
    client.records[:0] = others
    refused = sum("error" in answer for answer in answers)
    assert refused > 10
    return refused


def _assert_the_contract_s_shape(page: MetricsPage) -> None:
    for name, (kind, labels) in CONTRACT.items():
        assert page.types[HUB + name] == kind
        sample = HUB + name + {"counter": "_total", "histogram": "_count"}.get(kind, "")
        assert page.labels_of(sample) == {frozenset(labels)}, sample
        if labels == {"hub"}:
            assert page.by(sample, "hub").keys() <= {CHAT_HUB_PATH, STATUS_HUB_PATH}
    for name, labels in GENERATIONS.items():
        assert page.types[name] == "histogram"
        assert page.labels_of(f"{name}_count") == {frozenset(labels)}
    assert page.types["process_resident_memory_bytes"] == "gauge"
    assert not [name for name in page.types if name.endswith("_created")]


def _assert_generation(page: MetricsPage, words: int) -> None:
    """One generation of so many chunks, as the model counts its tokens."""
    counts = {name: sum(page.by(f"{name}_count", "gen_ai_response_model").values()) for name in GENERATIONS}
    assert list(counts.values()) == [1, 1, words - 1, 2]
    tokens = page.by("gen_ai_client_token_usage_sum", "gen_ai_token_type", gen_ai_response_model=MODEL)
    assert tokens == {"input": PROMPT_TOKENS, "output": words}
    assert page.by("gen_ai_client_operation_duration_seconds_count", "error_type") == {"": 1}
    assert page.value("conduit_chat_generations_active") == 0


def _assert_histograms_add_up(page: MetricsPage) -> None:
    """The largest bucket is the count, and no bucket holds less than a smaller one."""
    rows: dict[tuple[str, frozenset[tuple[str, str]]], dict[float, float]] = {}
    for (name, labels), value in page.samples.items():
        if name.endswith("_bucket"):
            bound = dict(labels)["le"]
            rest = frozenset(item for item in labels if item[0] != "le")
            rows.setdefault((name.removesuffix("_bucket"), rest), {})[float(bound)] = value
    assert rows
    for (name, labels), buckets in rows.items():
        ordered = [buckets[bound] for bound in sorted(buckets)]
        assert ordered == sorted(ordered), name
        assert ordered[-1] == page.value(f"{name}_count", **dict(labels)), name


def _looks_like_an_id(value: str) -> bool:
    """Long and random: a UUID, a connection's id, a token."""
    return len(value) >= 20 and not value.isalpha() and not value.replace("_", "").isalpha()


@pytest.mark.parametrize("how", ["reset", "killed"])
async def test_clients_that_die_are_counted_out_and_their_return_is_counted(tmp_path: Path, how: str) -> None:
    """After a reset, or SIGKILL of the client's process, nobody is left; whoever comes back is told apart."""
    async with _traffic(tmp_path) as traffic:
        hub = {"hub": CHAT_HUB_PATH}

        async def active() -> float:
            return (await traffic.page()).value(f"{HUB}connections_active", **hub)

        if how == "reset":
            writers = [
                (await stopped_reader(traffic.url, CHAT_HUB_PATH, traffic.token("ann")))[1] for _ in range(2)
            ]
            assert await active() == 2
            for writer in writers:
                bare = writer.get_extra_info("socket")
                bare.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
        else:
            processes = [await _member_process(traffic) for _ in range(2)]
            assert await active() == 2
            for process in processes:
                process.send_signal(signal.SIGKILL)
                await process.wait()
        await eventually(lambda: _is(active, 0), what="nobody is connected")
        assert (await traffic.page()).value(f"{HUB}reconnections_total", **hub) == 0
        async with (
            traffic.person("ann"),
            traffic.person("ann"),
            traffic.person("ann"),
            traffic.person("bob"),
        ):
            page = await traffic.page()
        assert page.value(f"{HUB}connections_active", **hub) == 4
        assert page.value(f"{HUB}reconnections_total", **hub) == 2, "two were lost, two of hers came back"
        assert page.value(f"{HUB}connection_duration_seconds_count", **hub) == 2
        assert page.by(f"{HUB}closes_total", "reason") == {}, "the hub closed nothing"


async def _is(reading: Any, wanted: float) -> bool:
    return bool(await reading() == wanted)


async def _member_process(traffic: Traffic) -> asyncio.subprocess.Process:
    address = f"{traffic.url.replace('http', 'ws', 1)}{CHAT_HUB_PATH}?access_token={traffic.token('ann')}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _MEMBER, address, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"{}\x1e\n"
    return process


async def test_who_is_not_let_in_is_counted_by_the_reason(tmp_path: Path) -> None:
    """Every status and close of the ways in, while the hub runs and while it drains."""
    async with _traffic(tmp_path, "--drain-seconds", "600") as traffic:
        address = f"{traffic.url.replace('http', 'ws', 1)}{CHAT_HUB_PATH}"
        with pytest.raises(InvalidStatus, match="401"):
            await connect(f"{address}?access_token=wrong", proxy=None)
        good = traffic.token("ann")
        with pytest.raises(InvalidStatus, match="403"):
            await connect(f"{address}?access_token={good}", proxy=None, origin="https://evil.example")  # type: ignore[arg-type]
        with pytest.raises(InvalidStatus, match="404"):
            await connect(f"{address}?access_token={good}&id=unknown", proxy=None)
        async with httpx2.AsyncClient(trust_env=False) as http:
            evil = {"Origin": "https://evil.example"}
            assert (
                await http.post(f"{traffic.url}{CHAT_HUB_PATH}/negotiate", headers=evil)
            ).status_code == 403
        assert (await negotiate(traffic.url, CHAT_HUB_PATH, None)).status_code == 401
        async with raw_client(traffic.url, CHAT_HUB_PATH, good, handshake=False) as client:
            await client.send({"protocol": "smoke signals", "version": 1})
            assert "error" in await client.read()
        async with raw_client(traffic.url, CHAT_HUB_PATH, good) as client:
            await client.socket.send(f"broken {MARKER}\x1e")
            await asyncio.wait_for(client.socket.wait_closed(), 30)
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(CONNECTIONS_PER_USER):
                await stack.enter_async_context(traffic.person("ann"))
            over = (await negotiate(traffic.url, CHAT_HUB_PATH, good)).json()
            assert over["error"].startswith("Connection limit exceeded")
            traffic.hub.process.terminate()
            await eventually(lambda: _not_ready(traffic))
            refused = await negotiate(traffic.url, CHAT_HUB_PATH, good)
            assert (refused.status_code, "error" in refused.json()) == (503, True)
            draining = await traffic.page()
            traffic.hub.process.terminate()  # told twice, it waits no longer
        page = draining
        assert page.by(f"{HUB}connections_total", "status", hub=CHAT_HUB_PATH) == {
            "accepted": CONNECTIONS_PER_USER + 1,
            "unauthorized": 2,
            "origin": 2,
            "unknown_id": 1,
            "handshake": 1,
            "limit": 1,
            "draining": 1,
        }
        assert page.by(f"{HUB}errors_total", "kind") == {"protocol": 1}
        assert page.value(f"{HUB}closes_total", hub=CHAT_HUB_PATH, reason="protocol_error") == 1
        assert MARKER not in page.text
        assert traffic.hub.process.wait(60) == 0


async def _not_ready(traffic: Traffic) -> bool:
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        return (await http.get(f"{traffic.url}{READY_PATH}")).status_code == 503


async def test_what_a_slow_reader_leaves_is_in_the_queue_until_it_is_gone(tmp_path: Path) -> None:
    """Bytes that wait for somebody who does not read are seen while they wait, and only then."""
    async with _traffic(tmp_path) as traffic, traffic.person("ann") as ann:

        async def queued() -> float:
            return (await traffic.page()).value(f"{HUB}outbound_queue_bytes", hub=CHAT_HUB_PATH)

        await ann.invoke("JoinConversation", ROOM)
        _, writer = await stopped_reader(traffic.url, CHAT_HUB_PATH, traffic.token("bob"))
        writer.write(invocation("JoinConversation", ROOM, id_="j"))
        assert await queued() == 0
        for number in range(40):
            message = {"id": str(uuid.uuid4()), "role": "user", "content": "x" * 30_000}
            sent = await ann.invoke("SendMessage", ROOM, {**message, "metadata": {"respond": False}})
            assert "result" in sent
            ann.records.clear()
            if number % 5 == 4 and await queued() > 0:
                break
        assert 0 < await queued() < 2 * 1024 * 1024
        writer.transport.abort()
        await eventually(lambda: _is(queued, 0), what="the queue is empty")
