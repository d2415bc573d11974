"""Hub filters: code around invocations, connects and disconnects, for one hub or for all.

The application's filters come first, then the hub's own, each calling ``proceed`` for what is inside it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conduit_widget.hub.delivery.connection import HubConnectionContext

if TYPE_CHECKING:
    from conduit_widget.hub.calls.hub import Hub


@dataclass(slots=True)
class HubInvocation:
    """One call of a hub method: its wire name and its bound arguments, which a filter may replace."""

    hub: Hub
    caller: HubConnectionContext
    method: str
    arguments: list[Any]


InvokeNext = Callable[[HubInvocation], Awaitable[Any]]
ConnectedNext = Callable[[HubConnectionContext], Awaitable[None]]
DisconnectedNext = Callable[[HubConnectionContext, Exception | None], Awaitable[None]]


class HubFilter:
    """Override what you need; a filter that does not call ``proceed`` keeps what is inside from running."""

    async def invoke_method(self, invocation: HubInvocation, proceed: InvokeNext) -> Any:
        """Run around a method; the value is its result, or its async iterator when it streams.

        Raise :class:`~conduit_widget.errors.HubException` to refuse.
        """
        return await proceed(invocation)

    async def on_connected(self, caller: HubConnectionContext, proceed: ConnectedNext) -> None:
        """Run around the hub's ``on_connected``."""
        await proceed(caller)

    async def on_disconnected(
        self, caller: HubConnectionContext, error: Exception | None, proceed: DisconnectedNext
    ) -> None:
        """Run around the hub's ``on_disconnected``."""
        await proceed(caller, error)


def around_invocation(filters: Sequence[HubFilter], innermost: InvokeNext) -> InvokeNext:
    """Return ``innermost`` with the filters around it, the first outermost."""
    for item in reversed(filters):
        innermost = _invocation_step(item, innermost)
    return innermost


def around_connected(filters: Sequence[HubFilter], innermost: ConnectedNext) -> ConnectedNext:
    """Return ``innermost`` with the filters around it, the first outermost."""
    for item in reversed(filters):
        innermost = _connected_step(item, innermost)
    return innermost


def around_disconnected(filters: Sequence[HubFilter], innermost: DisconnectedNext) -> DisconnectedNext:
    """Return ``innermost`` with the filters around it, the first outermost."""
    for item in reversed(filters):
        innermost = _disconnected_step(item, innermost)
    return innermost


def _invocation_step(item: HubFilter, proceed: InvokeNext) -> InvokeNext:
    return lambda invocation: item.invoke_method(invocation, proceed)


def _connected_step(item: HubFilter, proceed: ConnectedNext) -> ConnectedNext:
    return lambda caller: item.on_connected(caller, proceed)


def _disconnected_step(item: HubFilter, proceed: DisconnectedNext) -> DisconnectedNext:
    return lambda caller, error: item.on_disconnected(caller, error, proceed)
