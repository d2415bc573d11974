"""Every limit of the hub: what the refused one hears, what is counted, how it ends, who is warned before.

The table names every field of ``HubLimits`` and every rate and count of ``ChatSettings``: a new one without a
row fails here.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from conduit_widget.chat.chat import build_chat
from conduit_widget.chat.chat_hub import ChatHub
from conduit_widget.chat.history.sqlite.store import SqliteHistoryStore
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.chat.status.limit_notices import status_rates, user_rates
from conduit_widget.chat.status_hub import StatusHub
from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.pool import ConnectionPool
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.client.retry import DelayRetry
from conduit_widget.contract import CHAT_HUB_PATH, STATUS_HUB_PATH, ChatEvent, ErrorText
from conduit_widget.errors import HubException
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.connections.timer_wheel import TimerWheel
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.hub.limits.user_rates import LimitWarning
from conduit_widget.types import ProviderStatus, RateLimit, RateLimitNotice
from tests.support.chat.cluster import NODES, Node, cluster
from tests.support.hub.client import JSON, MESSAGEPACK, hub_client
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import RawClient, authority, negotiate, raw_client, running, token
from tests.support.providers.scripted_provider import ScriptedDirectory
from tests.support.waiting import eventually, ticks

TESTS = Path(__file__).parents[2]
PATH = "/hubs/echo"
CLIENT = "203.0.113.9"


class WarningHub(EchoHub):
    """Remembers its warnings."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[tuple[str, float]] = []

    def on_limit_warning(self, caller: HubConnectionContext, warning: LimitWarning) -> None:
        self.warnings.append((warning.name, warning.level))


@dataclass
class Served:
    """A hub under a limit, and what became of the one who passed it."""

    url: str
    app: HubApp
    hub: WarningHub
    heard: list[str] = field(default_factory=list)
    closes: list[int] = field(default_factory=list)
    clients: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    async def client(self, user: str = "ann", **options: Any) -> RawClient:
        return await self.clients.enter_async_context(raw_client(self.url, PATH, token(user), **options))

    async def invoke(self, client: RawClient, times: int, target: str, *arguments: Any) -> None:
        """Invoke in one frame and hear the refusals."""
        calls = [
            {"type": 1, "invocationId": str(n), "target": target, "arguments": list(arguments)}
            for n in range(times)
        ]
        await client.send(*calls)

    async def hear(self, client: RawClient, refusals: int) -> None:
        """Read until that many refusals have come."""
        while refusals:
            record = await client.read()
            if "error" in record:
                self.heard.append(record["error"])
                refusals -= 1

    async def hear_close(self, client: RawClient) -> dict[str, Any]:
        """Read up to the Close message, and the transport's own close."""
        while (record := await client.read())["type"] != 7:
            pass
        self.heard.append(record["error"])
        await asyncio.wait_for(client.socket.wait_closed(), 30)
        self.closes.append(client.socket.close_code or 0)
        return record

    def counted(self, sample: str) -> float:
        """The value of a metrics sample, given as ``name{labels}`` without the hub."""
        name, labels = sample.rstrip("}").split("{")
        line = re.compile(
            rf'^conduit_signalr_{name}{{hub="{PATH}",{re.escape(labels)}}} (\S+)$', re.MULTILINE
        )
        match = line.search(self.app.metrics.render().decode())
        return float(match[1]) if match else 0.0


@dataclass(frozen=True)
class Row:
    """One way past a limit."""

    limits: dict[str, Any]
    act: Callable[[Served], Awaitable[None]]
    says: str
    counted: dict[str, float]
    warned: tuple[tuple[str, float], ...] = ()
    code: int | None = None
    chat: bool = False


async def _too_many_invocations(served: Served) -> None:
    client = await served.client()
    await served.invoke(client, 25, "Echo", 1)
    await served.hear(client, 5)


async def _hammer(served: Served) -> None:
    client = await served.client()

    async def go_on() -> None:
        async for _ in ticks(0.02):
            await served.invoke(client, 1, "Echo", 1)

    hammering = asyncio.create_task(go_on())
    close = await served.hear_close(client)
    hammering.cancel()
    assert close["allowReconnect"] is True


async def _flood(served: Served) -> None:
    client = await served.client()

    async def go_on() -> None:
        async for _ in ticks(0.02):
            await client.send(*[{"type": 6}] * 20)

    flooding = asyncio.create_task(go_on())
    close = await served.hear_close(client)
    flooding.cancel()
    assert close["allowReconnect"] is True


async def _full_queue(served: Served) -> None:
    client = await served.client()
    await served.invoke(client, 1, "Wait")
    await eventually(lambda: served.hub.calls)
    await served.invoke(client, 3, "Wait")
    await served.hear(client, 1)
    served.hub.gate.set()


async def _too_many_streams(served: Served) -> None:
    client = await served.client()
    for number in range(3):
        await client.send({"type": 4, "invocationId": str(number), "target": "Forever", "arguments": []})
    await served.hear(client, 1)


async def _too_many_connections_of_a_user(served: Served) -> None:
    for _ in range(5):
        await served.client()
    served.heard.append((await negotiate(served.url, PATH, token())).json()["error"])
    refused = await served.client(skip_negotiation=True, handshake=False)
    await refused.send({"protocol": "json", "version": 1})
    served.heard.append((await refused.read())["error"])
    await asyncio.wait_for(refused.socket.wait_closed(), 30)
    served.closes.append(refused.socket.close_code or 0)


async def _too_many_connections(served: Served) -> None:
    for user in ("ann", "bob"):
        await served.client(user)
    served.heard.append((await negotiate(served.url, PATH, token("cat"))).json()["error"])


async def _too_many_negotiates(served: Served) -> None:
    headers = {"Authorization": f"Bearer {token()}", "X-Forwarded-For": f"198.51.100.1, {CLIENT}"}
    async with httpx2.AsyncClient(trust_env=False, headers=headers) as http:
        answers = [await http.post(f"{served.url}{PATH}/negotiate") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
        assert answers[-1].headers["retry-after"] == "10"
        served.heard += [answer.json()["error"] for answer in answers[2:]]
        other = await http.post(f"{served.url}{PATH}/negotiate", headers={"X-Forwarded-For": "203.0.113.10"})
        assert other.status_code == 200
    address = f"{served.url.replace('http', 'ws', 1)}{PATH}?access_token={token()}"
    with pytest.raises(InvalidStatus, match="429"):
        async with connect(address, proxy=None, additional_headers={"X-Forwarded-For": CLIENT}):
            pass


async def _too_large_a_message(served: Served) -> None:
    client = await served.client()
    await served.invoke(client, 1, "Echo", "x" * 2000)
    await served.hear(client, 1)
    assert (await client.invoke("Echo", 1))["result"] == 1
    await client.send({"type": 1, "target": "Echo", "arguments": ["x" * 2000]})
    await served.hear_close(client)


async def _too_large_a_body(served: Served) -> None:
    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.post(f"{served.url}{PATH}/negotiate", content=b"x" * 1001)
        assert answer.status_code == 413
        served.heard.append(answer.json()["error"])


async def _no_handshake(served: Served) -> None:
    client = await served.client(handshake=False)
    await asyncio.wait_for(client.socket.wait_closed(), 30)
    served.heard.append(client.socket.close_reason or "")
    served.closes.append(client.socket.close_code or 0)


async def _silent(served: Served) -> None:
    client = await served.client()
    await served.hear_close(client)


SLOW = {"invocations_per_second": 0.001}
ROWS: dict[str, Row] = {
    "invocations_per_second": Row(
        SLOW | {"invocation_burst": 20},
        _too_many_invocations,
        says=ErrorText.RATE_LIMIT,
        counted={'errors_total{kind="rate_limit"}': 5},
        warned=(("invocations", 80), ("invocations", 95)),
    ),
    "rate_limit_patience": Row(
        SLOW | {"invocation_burst": 1, "rate_limit_patience": 0.3},
        _hammer,
        says=ErrorText.RATE_LIMIT,
        counted={'closes_total{reason="rate_limited"}': 1},
        warned=(("invocations", 95),),
        code=3005,
    ),
    "records_per_call": Row(
        SLOW | {"invocation_burst": 20, "records_per_call": 2, "rate_limit_patience": 0.3},
        _flood,
        says=ErrorText.RATE_LIMIT,
        counted={'closes_total{reason="rate_limited"}': 1},
        code=3005,
    ),
    "queued_invocations": Row(
        {"queued_invocations": 2},
        _full_queue,
        says=ErrorText.RATE_LIMIT,
        counted={'errors_total{kind="rate_limit"}': 1},
    ),
    "streams_per_connection": Row(
        {"streams_per_connection": 2},
        _too_many_streams,
        says=ErrorText.RATE_LIMIT,
        counted={'errors_total{kind="rate_limit"}': 1},
    ),
    "connections_per_user": Row(
        {"connections_per_user": 5},
        _too_many_connections_of_a_user,
        says=ErrorText.CONNECTION_LIMIT.format(n=5, max=5),
        counted={
            'connections_total{status="limit"}': 2,
            'closes_total{reason="connection_limit"}': 1,
        },
        warned=(("connections", 80), ("connections", 95)),
        code=3500,
    ),
    "connections_per_process": Row(
        {"connections_per_process": 2},
        _too_many_connections,
        says=ErrorText.CONNECTION_LIMIT.format(n=2, max=2),
        counted={'connections_total{status="limit"}': 1},
    ),
    "negotiates_per_minute": Row(
        {"negotiates_per_minute": 0.01, "negotiate_burst": 2},
        _too_many_negotiates,
        says=ErrorText.RATE_LIMIT,
        counted={'connections_total{status="rate_limit"}': 3},
    ),
    "max_message_bytes": Row(
        {"max_message_bytes": 1000},
        _too_large_a_message,
        says="exceeds the limit of 1000 bytes",
        counted={
            'errors_total{kind="too_large"}': 2,
            'closes_total{reason="message_too_large"}': 1,
        },
        code=3502,
    ),
    "max_body_bytes": Row(
        {"max_body_bytes": 1000},
        _too_large_a_body,
        says="exceeds the limit of 1000 bytes",
        counted={},
    ),
    "handshake_timeout": Row(
        {"handshake_timeout": 0.1},
        _no_handshake,
        says="The handshake took too long.",
        counted={'closes_total{reason="handshake_timeout"}': 1},
        code=3504,
    ),
    "client_timeout": Row(
        {"client_timeout": 0.1},
        _silent,
        says="The client was silent for too long.",
        counted={'closes_total{reason="client_timeout"}': 1},
        code=3004,
    ),
}

HERE = "integration/hub/test_limits.py::"
LIVENESS = "integration/hub/test_liveness.py::"
PATIENCE = "integration/hub/test_http_patience.py::"
HTTP = "integration/hub/test_http_transports.py::"
STREAMS = "integration/hub/test_streams.py::"
EXPIRY = "integration/hub/test_expiry.py::"
STATEFUL = "integration/hub/test_stateful.py::"
ELSEWHERE = {
    # Partners of the rows above.
    "invocation_burst": HERE + "test_limit_refuses_and_counts_and_warns",
    "negotiate_burst": HERE + "test_limit_refuses_and_counts_and_warns",
    "join_burst": HERE + "test_joins_of_a_user_are_counted_over_their_connections",
    "joins_per_minute": HERE + "test_joins_of_a_user_are_counted_over_their_connections",
    "message_burst": HERE + "test_messages_of_a_user_are_counted_over_their_connections",
    "messages_per_minute": HERE + "test_messages_of_a_user_are_counted_over_their_connections",
    "request_burst": HERE + "test_every_method_is_counted_in_a_rate_of_its_user",
    "requests_per_minute": HERE + "test_every_method_is_counted_in_a_rate_of_its_user",
    "signal_burst": HERE + "test_every_method_is_counted_in_a_rate_of_its_user",
    "signals_per_minute": HERE + "test_every_method_is_counted_in_a_rate_of_its_user",
    "queued_generations_per_user": "unit/chat/answers/test_generation_queue.py",
    "conversations_per_connection": HERE + "test_conversations_are_refused_after_two_warnings",
    "max_members": HERE + "test_member_too_many_is_refused_until_somebody_is_removed",
    "max_history_page": HERE + "test_history_page_is_refused_by_its_field_and_limit",
    # How the hub is slow, patient or bounded, where nobody is refused a call.
    "max_head_bytes": PATIENCE + "test_head_over_the_limit_is_refused",
    "head_timeout": PATIENCE + "test_head_that_drips_ends_however_it_goes_on",
    "body_timeout": PATIENCE + "test_body_that_drips_ends",
    "parallel_invocations": "integration/hub/test_extensions.py",
    "upload_buffer_items": STREAMS + "test_connection_is_not_read_while_an_upload_is_full",
    "outbox_soft_bytes": "unit/hub/delivery/test_outbox.py::"
    "test_lagging_is_told_when_paused_over_the_soft_limit",
    "outbox_hard_bytes": LIVENESS + "test_slow_reader_is_closed_and_delays_nobody",
    "lagging_timeout": LIVENESS + "test_paused_reader_is_closed_after_a_time",
    "keep_alive_interval": LIVENESS + "test_hub_pings_when_the_connection_is_silent",
    "disconnect_timeout": "integration/hub/test_extensions.py",
    "poll_timeout": HTTP + "test_poll_returns_empty_when_its_time_is_over",
    "poll_disconnect_timeout": (HTTP + "test_poller_that_stops_is_given_up_after_a_time"),
    "stateful_window": (STATEFUL + "test_connection_ends_when_the_client_does_not_come_back"),
    "stateful_buffer_bytes": (STATEFUL + "test_unacknowledged_bytes_are_bounded_and_the_rest_waits_for_acks"),
    "close_on_expiry": EXPIRY + "test_expired_token_closes_nothing_where_the_hub_says_so",
    "queued_generations": "integration/chat/test_generation.py",
    "max_answer_bytes": "integration/chat/test_generation.py",
    "max_file_bytes": "integration/files/test_files.py::test_limits_are_told_before_anything_is_written",
    "max_user_file_bytes": "integration/files/test_files.py::test_limits_are_told_before_anything_is_written",
}


def test_every_limit_has_its_row() -> None:
    """A limit that nobody tests is no limit; every row names a limit that is there."""
    limits = {item.name for item in dataclasses.fields(HubLimits)}
    chat = {
        item.name
        for item in dataclasses.fields(ChatSettings)
        if re.search(r"_per_minute|_burst|^max_|_per_connection|^queued_", item.name)
    }
    assert set(ROWS) | set(ELSEWHERE) == limits | chat
    assert not set(ROWS) & set(ELSEWHERE)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_rows_proved_elsewhere_are_there(name: str) -> None:
    """The named test exists; a file alone has to speak of the limit."""
    path, _, test = ELSEWHERE[name].partition("::")
    source = (TESTS / path).read_text(encoding="utf-8")
    assert f"def {test}(" in source if test else name in source


@contextlib.asynccontextmanager
async def _served(**limits: Any) -> AsyncIterator[Served]:
    hub = WarningHub()
    app = HubApp(
        {PATH: hub},
        authenticator=authority(),
        limits=HubLimits(**limits),
        wheel=TimerWheel(0.02),
        trusted_proxies=["127.0.0.1"],
    )
    async with running(app) as url:
        served = Served(url, app, hub)
        async with served.clients:
            yield served


@pytest.mark.parametrize("name", ROWS)
async def test_limit_refuses_and_counts_and_warns(name: str) -> None:
    """The contract's text, the right counter, the numbered close, and one warning for each level before."""
    row = ROWS[name]
    async with _served(**row.limits) as served:
        await row.act(served)
        assert served.heard
        assert all(row.says in text for text in served.heard), served.heard
        assert {sample: served.counted(sample) for sample in row.counted} == row.counted
        assert served.closes == ([] if row.code is None else [row.code])
        assert tuple(served.hub.warnings) == row.warned


@pytest.mark.parametrize(
    ("transport", "protocol"),
    [
        ("WebSockets", JSON),
        ("WebSockets", MESSAGEPACK),
        ("ServerSentEvents", JSON),
        ("LongPolling", JSON),
        ("LongPolling", MESSAGEPACK),
    ],
)
async def test_message_is_bounded_on_every_transport_in_every_encoding(transport: str, protocol: Any) -> None:
    """64 KiB, a byte more is refused by name, limit and size, never echoed; the connection goes on."""
    async with (
        _served() as served,
        hub_client(served.url, PATH, transport=transport, protocol=protocol) as client,
    ):
        completion = await client.invoke("Echo", "y" * (64 * 1024 - 200))
        assert completion.error is None
        completion = await client.invoke("Echo", "y" * (64 * 1024))
        text = completion.error or ""
        assert re.search(r"^Echo: A message of 65\d\d\d bytes exceeds the limit of 65536 bytes", text)
        assert "yyy" not in text
        assert (await client.invoke("Echo", "still here")).result == "still here"
        assert served.counted('errors_total{kind="too_large"}') == 1


async def test_this_machine_may_negotiate_as_often_as_it_likes() -> None:
    """Kernels, tabs and tests share one address; a proxy that is not named is not believed either."""
    app = HubApp(
        {PATH: EchoHub()},
        authenticator=authority(),
        limits=HubLimits(negotiates_per_minute=0.01, negotiate_burst=1),
    )
    async with running(app) as url, httpx2.AsyncClient(trust_env=False) as http:
        headers = {"Authorization": f"Bearer {token()}", "X-Forwarded-For": CLIENT}
        answers = [await http.post(f"{url}{PATH}/negotiate", headers=headers) for _ in range(5)]
        assert {answer.status_code for answer in answers} == {200}


async def test_guessed_credentials_are_counted_like_negotiates() -> None:
    """Polls and events with a wrong token use the address's tries up as well."""
    async with _served(negotiates_per_minute=0.01, negotiate_burst=3) as served:
        headers = {"Authorization": "Bearer wrong", "X-Forwarded-For": CLIENT}
        async with httpx2.AsyncClient(trust_env=False, headers=headers) as http:
            answers = [await http.get(f"{served.url}{PATH}?id=x") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]


# The chat's own limits


@contextlib.asynccontextmanager
async def _chat(path: Path, *, limits: HubLimits | None = None, **settings: Any) -> AsyncIterator[Any]:
    directory = ScriptedDirectory()
    chat = build_chat(SqliteHistoryStore(path), directory, ChatSettings(**settings))
    hubs = {CHAT_HUB_PATH: chat.chat_hub, STATUS_HUB_PATH: chat.status_hub}
    app = HubApp(hubs, authenticator=authority(), limits=limits or HubLimits(invocations_per_second=10_000))
    await chat.start()
    try:
        async with running(app) as url:
            yield url, app, directory
    finally:
        await chat.aclose()


def _warnings(client: RawClient) -> list[RateLimitNotice]:
    """Take the warnings out of what a client has read so far."""
    found = [record for record in client.records if record.get("target") == "RateLimitWarning"]
    client.records[:] = [record for record in client.records if record not in found]
    return [msgspec.convert(record["arguments"][0], RateLimitNotice) for record in found]


def _rate_limited(app: HubApp) -> float:
    sample = f'conduit_signalr_errors_total{{hub="{CHAT_HUB_PATH}",kind="rate_limit"}} '
    page = app.metrics.render().decode()
    return float(page.split(sample)[1].split("\n")[0]) if sample in page else 0.0


async def test_joins_of_a_user_are_counted_over_their_connections(tmp_path: Path) -> None:
    """Ten joins over two tabs, the eleventh is refused in either; another user is not concerned."""
    async with (
        _chat(tmp_path / "h.db", joins_per_minute=0.01, join_burst=10) as (url, app, _),
        raw_client(url, CHAT_HUB_PATH) as one,
        raw_client(url, CHAT_HUB_PATH) as two,
    ):
        for number in range(5):
            for tab in (one, two):
                assert "result" in await tab.invoke("JoinConversation", f"c{number}")
        for tab in (one, two):
            assert (await tab.invoke("JoinConversation", "c9"))["error"] == ErrorText.RATE_LIMIT
        assert _rate_limited(app) == 2
        warnings = _warnings(one) + _warnings(two)
        assert [(item.name, item.scope, item.remaining) for item in warnings] == [
            ("joins", "user", 2),
            ("joins", "user", 0),
        ]
        async with raw_client(url, CHAT_HUB_PATH, token("bob")) as bob:
            assert "result" in await bob.invoke("JoinConversation", "c1")


async def test_storm_of_returning_tabs_is_not_refused(tmp_path: Path) -> None:
    """A resume counts a tenth of a join: a user's tabs come back although their joins are used up."""
    async with (
        _chat(tmp_path / "h.db", joins_per_minute=0.01, join_burst=10) as (url, app, _),
        raw_client(url, CHAT_HUB_PATH) as client,
    ):
        joined = (await client.invoke("JoinConversation", "c"))["result"]
        for _ in range(89):
            answer = await client.invoke("ResumeConversation", "c", joined["epoch"], 0)
            assert answer["result"]["recovered"] is True
        assert _rate_limited(app) == 0


async def test_messages_of_a_user_are_counted_over_their_connections(tmp_path: Path) -> None:
    """What one connection may send, all of a user's together may; each hears the warning where it sent."""
    async with (
        _chat(tmp_path / "h.db", messages_per_minute=0.01, message_burst=10) as (url, app, _),
        raw_client(url, CHAT_HUB_PATH) as one,
        raw_client(url, CHAT_HUB_PATH) as two,
    ):
        answers = []
        for number in range(12):
            tab = (one, two)[number % 2]
            if number < 2:
                await tab.invoke("JoinConversation", "c")
            message = {"id": f"m{number}", "role": "user", "content": "x", "metadata": {"respond": False}}
            answers.append(await tab.invoke("SendMessage", "c", message))
        assert ["result" in answer for answer in answers] == [True] * 10 + [False] * 2
        assert {answer["error"] for answer in answers[10:]} == {ErrorText.RATE_LIMIT}
        assert _rate_limited(app) == 2
        assert [item.remaining for item in _warnings(two)] == [2, 0]
        assert _warnings(one) == []


async def test_every_method_is_counted_in_a_rate_of_its_user(tmp_path: Path) -> None:
    """Whatever a client calls uses up a rate, past which it is refused; the others are not concerned."""
    limits: dict[str, Any] = {
        "requests_per_minute": 0.01,
        "request_burst": 3,
        "signals_per_minute": 0.01,
        "signal_burst": 2,
    }
    async with (
        _chat(tmp_path / "h.db", **limits) as (url, _, _),
        raw_client(url, CHAT_HUB_PATH) as one,
        raw_client(url, CHAT_HUB_PATH) as two,
    ):
        for hub, rates in ((ChatHub, user_rates(ChatSettings())), (StatusHub, status_rates(ChatSettings()))):
            assert {method.lower() for rate in rates for method in rate.costs} >= set(hub.methods)
        for tab in (one, two):
            await tab.invoke("JoinConversation", "c")
        reads = [await (one, two)[n % 2].invoke("GetHistory", "c", 9, 9) for n in range(4)]
        signals = [await (one, two)[n % 2].invoke("StartTyping", "c") for n in range(3)]
        assert ["error" in answer for answer in reads] == [False] * 3 + [True]
        assert ["error" in answer for answer in signals] == [False] * 2 + [True]
        assert {reads[-1]["error"], signals[-1]["error"]} == {ErrorText.RATE_LIMIT}
        async with raw_client(url, CHAT_HUB_PATH, token("bob")) as bob:
            await bob.invoke("JoinConversation", "c")
            assert "error" not in await bob.invoke("GetHistory", "c", 9, 9)


async def test_messages_of_a_user_are_counted_over_the_nodes(tmp_path: Path) -> None:
    """Used up at one node, they are refused at the other; the warnings came where the messages were sent."""
    settings = dataclasses.replace(NODES, assistant="off", messages_per_minute=0.001, message_burst=10)

    def left(node: Node) -> int:
        return int(node.app._mounts[CHAT_HUB_PATH].invoker.user_rates.left(("messages", "ann")))

    async with (
        cluster(tmp_path / "h.db", settings=settings) as (_, (one, two)),
        one.person("ann") as here,
        two.person("ann") as there,
        two.person("bob") as bob,
    ):
        for person in (here, there, bob):
            await person.join()
        for _ in range(9):
            await here.send()
        await eventually(lambda: left(two) == 1)
        await there.send()
        await eventually(lambda: left(one) == 0)
        for person in (here, there):
            with pytest.raises(HubException, match=re.escape(ErrorText.RATE_LIMIT)):
                await person.send()
        await bob.send()
        warned = [
            [(notice["name"], notice["remaining"]) for (notice,) in person.of(ChatEvent.RATE_LIMIT_WARNING)]
            for person in (here, there, bob)
        ]
        assert warned == [[("messages", 2)], [("messages", 0)], []]
        assert len(bob.log()) == 11


async def test_conversations_are_refused_after_two_warnings(tmp_path: Path) -> None:
    """At 80 and 95 percent of them the connection hears of it; joining again what it has warns of nothing."""
    async with (
        _chat(tmp_path / "h.db", conversations_per_connection=5) as (url, _, _),
        raw_client(url, CHAT_HUB_PATH) as client,
    ):
        for number in (0, 1, 2, 3, 3, 3, 4, 4):
            await client.invoke("JoinConversation", f"c{number}")
        assert [(item.name, item.scope, item.remaining) for item in _warnings(client)] == [
            ("conversations", "connection", 1),
            ("conversations", "connection", 0),
        ]
        refused = await client.invoke("JoinConversation", "c5")
        assert refused["error"].startswith("Conversation limit exceeded (5/5).")


async def test_member_too_many_is_refused_until_somebody_is_removed(tmp_path: Path) -> None:
    """Adding two at once passes it no more than one by one; those who are in may change their role."""
    async with (
        _chat(tmp_path / "h.db", max_members=3) as (url, _, _),
        raw_client(url, CHAT_HUB_PATH) as ann,
        raw_client(url, CHAT_HUB_PATH) as tab,
    ):
        await ann.invoke("CreateConversation", {"id": "c", "visibility": "members"})
        await ann.invoke("AddMember", "c", "u0")
        answers = await asyncio.gather(
            ann.invoke("AddMember", "c", "u1"),
            tab.invoke("AddMember", "c", "u2"),
        )
        [refused] = [answer["error"] for answer in answers if "error" in answer]
        assert refused == "conversation: has 3 members; the limit is 3. Remove one before adding another"
        assert "error" not in await ann.invoke("AddMember", "c", {"userId": "u0", "role": "owner"})
        await ann.invoke("RemoveMember", "c", "u0")
        assert "error" not in await ann.invoke("AddMember", "c", "u3")


async def test_history_page_is_refused_by_its_field_and_limit(tmp_path: Path) -> None:
    """One line for people."""
    async with _chat(tmp_path / "h.db") as (url, _, _), raw_client(url, CHAT_HUB_PATH) as client:
        await client.invoke("JoinConversation", "c")
        answer = await client.invoke("GetHistory", "c", 1000, 201)
        assert answer["error"] == "limit: must be from 1 to 200"


@pytest.mark.parametrize("path", [CHAT_HUB_PATH, STATUS_HUB_PATH])
async def test_warning_is_whole_on_both_hubs(tmp_path: Path, path: str) -> None:
    """Every field of the notice, on the connection concerned and on no other, once a level."""
    limits = HubLimits(invocations_per_second=0.001, invocation_burst=20)
    async with (
        _chat(tmp_path / "h.db", limits=limits) as (url, _, _),
        raw_client(url, path) as client,
        raw_client(url, path) as other,
    ):
        for _ in range(20):
            await client.invoke("RequestProviderStatus")
        first, second = _warnings(client)
        assert (first.type, first.provider, first.scope, first.name) == (
            "RateLimitWarning",
            "hub",
            "connection",
            "invocations",
        )
        assert (first.limit, first.remaining, first.percentage_used, first.priority) == (20, 4, 80.0, 1)
        assert (second.remaining, second.percentage_used, second.priority) == (1, 95.0, 2)
        assert first.id != second.id
        assert first.reset_time is not None
        assert datetime.fromisoformat(first.timestamp) < datetime.fromisoformat(first.reset_time)
        await other.invoke("RequestProviderStatus")
        assert _warnings(other) == []


async def test_provider_s_limit_warns_everybody_with_what_it_stated(tmp_path: Path) -> None:
    """On both hubs, at 80 and 95 %, once each; a limit that is not stated makes no percentage."""
    async with (
        _chat(tmp_path / "h.db") as (url, _, directory),
        raw_client(url, CHAT_HUB_PATH) as chat,
        raw_client(url, STATUS_HUB_PATH) as status,
    ):

        def report(**stated: int | None) -> None:
            limits = {
                scope: RateLimit(
                    limit=100, remaining=100 - used, percentage_used=float(used), forecast_seconds=40.0
                )
                for scope, used in stated.items()
                if used is not None
            }
            unknown = RateLimit(remaining=0)
            limits |= {scope: unknown for scope, used in stated.items() if used is None}
            directory.report(ProviderStatus(provider="acme", state="healthy", rate_limit=limits))

        report(requests=79, tokens=None)
        report(requests=81, tokens=None)
        report(requests=85, tokens=96)
        report(requests=95, tokens=97)
        for client in (chat, status):
            await client.invoke("RequestProviderStatus")
            warnings = _warnings(client)
            assert [(item.scope, item.percentage_used, item.remaining) for item in warnings] == [
                ("requests", 81.0, 19),
                ("tokens", 96.0, 4),
                ("requests", 95.0, 5),
            ]
            assert {(item.provider, item.forecast_seconds) for item in warnings} == {("acme", 40.0)}


async def test_many_conversations_come_back_without_a_refusal(tmp_path: Path) -> None:
    """Our client keeps within the hub's rates by itself, at the first join and after a lost connection."""
    async with _chat(tmp_path / "h.db", limits=HubLimits()) as (url, app, _):
        pool, retry = ConnectionPool(), DelayRetry(delays=(0.05,), min_spread=0.0)

        def connect_() -> HubConnection:
            return HubConnection(url + CHAT_HUB_PATH, access_token=token, retry=retry)

        conversations = [Conversation(pool.acquire("hub", connect_), f"c{n}", "ann") for n in range(30)]
        for conversation in conversations:
            conversation.open()
        await asyncio.wait_for(asyncio.gather(*(item.connectivity.wait_live() for item in conversations)), 60)
        for connection in app.hub_context(CHAT_HUB_PATH).clients._lifetime.all():
            connection.outbox._connection.abort()  # a cut line
        await eventually(lambda: all(item.connectivity.info.state != "live" for item in conversations))
        await asyncio.wait_for(asyncio.gather(*(item.connectivity.wait_live() for item in conversations)), 60)
        assert _rate_limited(app) == 0
        for conversation in conversations:
            await conversation.close()
