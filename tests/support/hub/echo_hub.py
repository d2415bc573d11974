"""A small hub with one method of every kind, for the tests of the hub itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import Any

import msgspec

from conduit_widget.contract import CloseCode
from conduit_widget.errors import HubException
from conduit_widget.hub.calls.hub import Hub, hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext


class Parcel(msgspec.Struct, frozen=True, rename="camel"):
    """A typed argument."""

    item_name: str
    weight: float
    kind: str = "box"


class EchoHub(Hub):
    """Echoes, fails, streams, groups; remembers what happened to it."""

    def __init__(self) -> None:
        self.connected: list[str] = []
        self.disconnected: list[tuple[str, Exception | None]] = []
        self.gate = asyncio.Event()
        self.calls: list[str] = []
        self.stream_ended = asyncio.Event()
        self.upload_errors: list[Exception] = []

    async def on_connected(self, caller: HubConnectionContext) -> None:
        self.groups.add(caller.connection_id, "everyone")
        self.connected.append(caller.user.user_id)

    async def on_disconnected(self, caller: HubConnectionContext, error: Exception | None) -> None:
        self.disconnected.append((caller.user.user_id, error))

    @hub_method("Echo")
    async def echo(self, caller: HubConnectionContext, value: Any) -> Any:
        self.calls.append("Echo")
        return value

    @hub_method("Nothing")
    async def nothing(self, caller: HubConnectionContext) -> None:
        self.calls.append("Nothing")

    @hub_method("Weigh")
    async def weigh(self, caller: HubConnectionContext, parcel: Parcel, times: int = 1) -> Parcel:
        return Parcel(parcel.item_name, parcel.weight * times)

    @hub_method("Refuse")
    async def refuse(self, caller: HubConnectionContext, text: str) -> None:
        raise HubException(text)

    @hub_method("Crash")
    async def crash(self, caller: HubConnectionContext) -> None:
        raise RuntimeError("an inner detail")

    @hub_method("Wait")
    async def wait(self, caller: HubConnectionContext) -> str:
        self.calls.append("Wait")
        await self.gate.wait()
        return "waited"

    @hub_method("Who")
    async def who(self, caller: HubConnectionContext) -> dict[str, str]:
        return {
            "userId": caller.user.user_id,
            "userName": caller.user.user_name,
            "connectionId": caller.connection_id,
        }

    @hub_method("Count")
    async def count(self, caller: HubConnectionContext, number: int) -> AsyncGenerator[int, None]:
        for value in range(number):
            yield value

    @hub_method("Forever")
    async def forever(self, caller: HubConnectionContext) -> AsyncGenerator[int, None]:
        try:
            value = 0
            while True:
                yield value
                value += 1
                await asyncio.sleep(0.01)
        finally:
            self.stream_ended.set()

    @hub_method("FailingStream")
    async def failing_stream(self, caller: HubConnectionContext) -> AsyncGenerator[int, None]:
        yield 1
        raise HubException("the stream broke")

    @hub_method("JoinGroup")
    async def join_group(self, caller: HubConnectionContext, group: str) -> None:
        self.groups.add(caller.connection_id, group)

    @hub_method("LeaveGroup")
    async def leave_group(self, caller: HubConnectionContext, group: str) -> None:
        self.groups.remove(caller.connection_id, group)

    @hub_method("ToGroup")
    async def to_group(self, caller: HubConnectionContext, group: str, text: str) -> None:
        self.clients.group(group).send("Said", caller.user.user_id, text)

    @hub_method("ToOthers")
    async def to_others(self, caller: HubConnectionContext, group: str, text: str) -> None:
        self.clients.group_except(group, {caller.connection_id}).send("Said", caller.user.user_id, text)

    @hub_method("ToUser")
    async def to_user(self, caller: HubConnectionContext, user_id: str, text: str) -> None:
        self.clients.user(user_id).send("Said", caller.user.user_id, text)

    @hub_method("ToCaller")
    async def to_caller(self, caller: HubConnectionContext, times: int) -> None:
        for number in range(times):
            caller.send("Number", number)

    @hub_method("CloseMe")
    async def close_me(self, caller: HubConnectionContext, allow_reconnect: bool) -> None:
        caller.close(CloseCode.SHUTDOWN if allow_reconnect else CloseCode.NORMAL)

    @hub_method("StreamEnded")
    async def was_stream_ended(self, caller: HubConnectionContext) -> bool:
        await asyncio.wait_for(self.stream_ended.wait(), 30)
        return True

    @hub_method("Sum")
    async def sum(self, caller: HubConnectionContext, numbers: AsyncIterator[int]) -> int:
        total = 0
        try:
            async for number in numbers:
                total += number
        except Exception as error:
            self.upload_errors.append(error)
            raise
        return total

    @hub_method("Weave")
    async def weave(  # noqa: PLR0917 - the very thing: streams among arguments
        self,
        caller: HubConnectionContext,
        prefix: str,
        left: AsyncIterable[str],
        joint: str,
        right: AsyncIterator[str],
        suffix: str = "!",
    ) -> str:
        parts = [prefix, *[item async for item in left], joint, *[item async for item in right], suffix]
        return "".join(parts)

    @hub_method("EchoStream")
    async def echo_stream(
        self, caller: HubConnectionContext, items: AsyncIterator[Any]
    ) -> AsyncGenerator[Any, None]:
        async for item in items:
            yield item

    @hub_method("SumAtGate")
    async def sum_at_gate(self, caller: HubConnectionContext, numbers: AsyncIterator[str]) -> int:
        self.calls.append("SumAtGate")
        await self.gate.wait()
        return sum([len(number) async for number in numbers])

    @hub_method("AskCaller")
    async def ask_caller(
        self, caller: HubConnectionContext, target: str, value: Any, timeout: float | None = None
    ) -> Any:
        return await caller.invoke(target, value, timeout=timeout)

    @hub_method("AskClient")
    async def ask_client(self, caller: HubConnectionContext, connection_id: str, target: str) -> Any:
        return await self.clients.client(connection_id).invoke(target, timeout=30)

    @hub_method("ForAdmins", authorize=("admin", "owner"))
    async def for_admins(self, caller: HubConnectionContext) -> str:
        return "let in"

    @hub_method("ForAnn", authorize=lambda caller: caller.user.user_id == "ann")
    async def for_ann(self, caller: HubConnectionContext) -> str:
        return "let in"

    @hub_method("Refresh")
    async def refresh(self, caller: HubConnectionContext, token: str) -> float:
        return (await caller.refresh(token)).expires_at
