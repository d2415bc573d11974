"""The hub that foreign clients drive: the echo hub with uploads, client results and everyday extras."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from conduit_widget.contract import KEEP_ALIVE_INTERVAL, CloseCode
from conduit_widget.errors import HubException
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.limits.hub_limits import HubLimits
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority

PATH: Final = "/hubs/interop"
MAX_MESSAGE_BYTES: Final = 4 << 20


class InteropHub(EchoHub):
    """Adds what only some clients can do."""

    @hub_method("Concat")
    async def concat(self, caller: HubConnectionContext, prefix: str, parts: AsyncIterator[str]) -> str:
        return prefix + "".join([part async for part in parts])

    @hub_method("Subtract")
    async def subtract(
        self, caller: HubConnectionContext, left: AsyncIterator[int], scale: int, right: AsyncIterator[int]
    ) -> int:
        total = sum([value async for value in left])
        return scale * (total - sum([value async for value in right]))

    @hub_method("TellSum")
    async def tell_sum(self, caller: HubConnectionContext, numbers: AsyncIterator[int]) -> None:
        caller.send("Said", caller.user.user_id, str(sum([number async for number in numbers])))

    @hub_method("DoubleEach")
    async def double_each(
        self, caller: HubConnectionContext, numbers: AsyncIterator[int]
    ) -> AsyncIterator[int]:
        async for number in numbers:
            yield 2 * number

    @hub_method("AskForRefusal")
    async def ask_for_refusal(self, caller: HubConnectionContext, target: str) -> str:
        try:
            await caller.invoke(target, timeout=30)
        except HubException as error:
            return str(error)
        return ""

    @hub_method("Drop")
    async def drop(self, caller: HubConnectionContext) -> None:
        caller.close(CloseCode.SHUTDOWN)


def interop_app(keep_alive_interval: float = KEEP_ALIVE_INTERVAL) -> HubApp:
    """Return an application that serves the hub with room for big messages and fast clients."""
    limits = HubLimits(
        max_message_bytes=MAX_MESSAGE_BYTES,
        max_body_bytes=MAX_MESSAGE_BYTES,
        outbox_soft_bytes=2 * MAX_MESSAGE_BYTES,
        outbox_hard_bytes=4 * MAX_MESSAGE_BYTES,
        invocations_per_second=10_000,
        invocation_burst=10_000,
        keep_alive_interval=keep_alive_interval,
    )
    return HubApp({PATH: InteropHub()}, authenticator=authority(), limits=limits)
