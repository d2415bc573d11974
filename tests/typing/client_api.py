"""The client's public API written out as code, for the type checker: ``mypy`` must pass, nothing runs."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator
from typing import Any, assert_type

from conduit_widget.chat_client import ChatHubClient, StatusHubClient
from conduit_widget.client import ConnectionState, DelayRetry, HubConnection, RetryContext
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from conduit_widget.types import (
    ChatMessage,
    HistoryPage,
    JoinResult,
    ProviderStatus,
    SendReceipt,
    SystemHealth,
)


async def numbers() -> AsyncGenerator[int, None]:
    """A stream to the hub."""
    yield 1


def twice(context: RetryContext) -> float | None:
    """A retry policy of one's own."""
    return 1.0 if context.previous_retry_count < 2 else None


async def every_option() -> None:
    """All of them, and the ways to say which transports are allowed."""
    connection = HubConnection(
        lambda: "https://hub.example/hubs/chat",
        access_token=lambda: "token",
        protocol=MessagePackHubProtocol(),
        retry=twice,
        keep_alive_interval=15.0,
        server_timeout=60.0,
        handshake_timeout=15.0,
        headers={"X-Extra": "1"},
        ssl=ssl.create_default_context(),
        max_message_bytes=1 << 20,
        transport=["WebSockets", "LongPolling"],
        proxy="http://proxy:3128",
        compression=True,
        stateful_reconnect=True,
    )
    HubConnection("http://h/hub", transport="ServerSentEvents", retry=DelayRetry((0.0, 2.0)))
    HubConnection("ws://h/hub", skip_negotiation=True, retry=None)
    assert_type(connection.state, ConnectionState)
    assert_type(connection.connection_id, str | None)
    await connection.start(retry=True)
    connection.off("Event")
    connection.retry_now()
    await connection.stop()


async def streams(connection: HubConnection) -> None:
    """Up, down, and both."""
    assert_type(await connection.invoke("Sum", numbers(), "and", numbers(), timeout=5), Any)
    await connection.send("Upload", numbers())
    async for item in connection.stream("Double", numbers()):
        assert_type(item, Any)


async def proxies(connection: HubConnection) -> None:
    """The two hubs, typed."""
    chat, status = ChatHubClient(connection), StatusHubClient(connection)
    message = ChatMessage(id="1", role="user", content="hi")
    assert_type(await chat.join_conversation("team"), JoinResult | None)
    assert_type(await chat.send_message("team", message), SendReceipt | None)
    assert_type(await chat.get_history("team", 10, 5), HistoryPage)
    assert_type(await chat.refresh_token("token"), float)
    assert_type(await status.request_provider_status(), list[ProviderStatus])
    assert_type(await status.request_system_health(), SystemHealth)
