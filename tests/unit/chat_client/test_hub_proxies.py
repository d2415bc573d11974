"""The typed proxies have a method for everything the hubs offer, and call it by its name."""

from __future__ import annotations

import contextlib
import inspect
from typing import Any

import msgspec
import pytest

from conduit_widget.chat.chat_hub import ChatHub
from conduit_widget.chat.status_hub import StatusHub
from conduit_widget.chat_client.hub_proxies import ChatHubClient, StatusHubClient
from conduit_widget.contract import ChatEvent, ChatMethod, StatusEvent, StatusMethod
from conduit_widget.types import ChatMessage, ConversationOptions, RateLimitNotice
from tests.support.signalr.scripted_connection import ScriptedConnection

PROXIES: dict[str, tuple[Any, type, type]] = {
    "chat": (ChatHubClient, ChatMethod, ChatHub),
    "status": (StatusHubClient, StatusMethod, StatusHub),
}
CALLS = [(hub, name) for hub, (_, methods, _) in PROXIES.items() for name in vars(methods) if name.isupper()]


@pytest.mark.parametrize(("hub", "name"), CALLS)
async def test_proxy_calls_the_hubs_method_with_its_arguments(hub: str, name: str) -> None:
    """In the contract's spelling, with as many arguments as the hub's method takes."""
    proxy_type, methods, hub_type = PROXIES[hub]
    target = getattr(methods, name)
    connection = ScriptedConnection()
    await connection.start()
    proxy = proxy_type(connection.as_connection())
    method = getattr(proxy, name.lower())
    arguments = [_value(parameter) for parameter in inspect.signature(method).parameters.values()]
    with contextlib.suppress(msgspec.ValidationError):  # this hub returns nothing
        await method(*arguments)
    ((called, sent),) = connection.invoked + connection.sent
    assert called == target
    served = inspect.signature(getattr(hub_type, name.lower())).parameters
    assert len(sent) == len(served) - 2, "self and the caller do not travel"


def _value(parameter: inspect.Parameter) -> Any:
    if "ChatMessage" in str(parameter.annotation):
        return ChatMessage(id="1", role="user", content="hi")
    if "ConversationOptions" in str(parameter.annotation):
        return ConversationOptions()
    return 1 if "int" in str(parameter.annotation) else "x"


def test_refreshed_expiry_is_returned_as_seconds() -> None:
    """Both proxies promise a number."""
    for proxy, _, _ in PROXIES.values():
        assert inspect.signature(proxy.refresh_token).return_annotation == "float"


async def test_events_reach_one_handler_until_it_is_removed() -> None:
    """Every event of the hub, with its name and arguments."""
    for proxy_type, table in ((ChatHubClient, ChatEvent), (StatusHubClient, StatusEvent)):
        events = [name for key, name in vars(table).items() if key.isupper()]
        connection = ScriptedConnection()
        heard: list[tuple[str, list[Any]]] = []

        def note(target: str, arguments: list[Any], heard: list[tuple[str, list[Any]]] = heard) -> None:
            heard.append((target, arguments))

        unsubscribe = proxy_type(connection.as_connection()).on_event(note)
        for event in events:
            connection.emit(event, 1, 2)
        assert heard == [(event, [1, 2]) for event in events]
        unsubscribe()
        assert connection.listeners() == 0


async def test_rate_limit_warnings_come_as_structs_and_nonsense_is_left_out() -> None:
    """Both proxies; unknown keys do no harm."""
    wire = {
        "id": "1",
        "timestamp": "2026-11-23T10:00:00.000Z",
        "priority": 2,
        "provider": "acme",
        "scope": "tokens",
        "limit": 100,
        "remaining": 4,
        "percentageUsed": 96.0,
        "resetTime": None,
        "type": "RateLimitWarning",
        "new": True,
    }
    for proxy_type in (ChatHubClient, StatusHubClient):
        connection = ScriptedConnection()
        heard: list[RateLimitNotice] = []
        unsubscribe = proxy_type(connection.as_connection()).on_rate_limit_warning(heard.append)
        connection.emit("RateLimitWarning", {"id": 1})
        connection.emit("RateLimitWarning")
        connection.emit("RateLimitWarning", wire)
        assert [(notice.provider, notice.remaining, notice.reset_time) for notice in heard] == [
            ("acme", 4, None)
        ]
        unsubscribe()
        assert connection.listeners() == 0
