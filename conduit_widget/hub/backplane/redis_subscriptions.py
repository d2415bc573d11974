"""The pub/sub connection of a Redis backplane: which channels this node hears, and what it hears."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from conduit_widget.back_off import BackOff
from conduit_widget.errors import UNREADABLE
from conduit_widget.hub.backplane.listeners import Listeners
from conduit_widget.hub.backplane.redis_engine import (
    CONNECT_TIMEOUT,
    FIRST_RETRY,
    LONGEST_RETRY,
    RedisEngine,
    close_client,
)

if TYPE_CHECKING:
    from redis.asyncio.client import PubSub

SUBSCRIBE_TIMEOUT: Final = 2.0
PING_INTERVAL: Final = 2.0
SILENCE_TIMEOUT: Final = 6.0
BATCH_CHANNELS: Final = 500
_NODE_ID_BYTES: Final = 16

_decode = msgspec.msgpack.Decoder(list[bytes]).decode


class SubscriptionEvents(Protocol):
    """Receives the events of the pub/sub connection."""

    def subscriptions_up(self) -> None:
        """Called when every channel is subscribed (again)."""

    def subscriptions_down(self, error: Exception) -> None:
        """Called when the subscriptions are lost."""

    def told(self, word: bytes) -> None:
        """Called with a message from another node to all."""

    def unreadable(self) -> None:
        """Called when a message could not be decoded."""


class RedisSubscriptions:
    """Keeps the channels of ``listeners`` subscribed over one connection that heals by itself."""

    def __init__(
        self, engine: RedisEngine, node_id: str, listeners: Listeners, events: SubscriptionEvents
    ) -> None:
        self.up = False
        self._engine = engine
        self._own = node_id.encode()
        self._listeners = listeners
        self._events = events
        self._work = asyncio.Event()
        self._asked: set[str] = set()
        self._unconfirmed: Counter[str] = Counter()
        self._waiters: dict[str, list[asyncio.Future[bool]]] = {}
        self._heard_at = 0.0
        self._closing = asyncio.Event()

    def changed(self) -> None:
        """Schedule a subscribe/unsubscribe pass."""
        self._work.set()

    async def holds(self, channel: str) -> bool:
        """Wait until a channel is heard; ``False`` when it is not wanted or the engine does not answer."""
        if not self.up or channel not in self._listeners.channels:
            return False
        if self._is_held(channel):
            return True
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(channel, []).append(future)
        try:
            async with asyncio.timeout(SUBSCRIBE_TIMEOUT):
                return await future
        except TimeoutError:
            return False

    def close(self) -> None:
        """Make no further attempt to listen."""
        self._closing.set()

    async def run(self) -> None:
        """Connect and listen, again and again, until :meth:`close` and a cancellation."""
        back_off = BackOff(FIRST_RETRY, LONGEST_RETRY)
        # A task group that fails while it is cancelled swallows the cancellation: hence the event.
        while not self._closing.is_set():
            client = self._engine.client()
            pubsub = client.pubsub()
            try:
                await self._listen(pubsub, back_off)
            except* Exception as group:  # noqa: BLE001 - whatever broke, the connection is made anew
                if not self._closing.is_set():
                    self._down(_first(group))
            finally:
                await _close(pubsub)
                await close_client(client)
            if not self._closing.is_set():
                await asyncio.sleep(back_off.next_delay())

    async def _listen(self, pubsub: PubSub, back_off: BackOff) -> None:
        self._asked = set()
        self._unconfirmed.clear()
        self._heard_at = time.monotonic()
        async with asyncio.timeout(CONNECT_TIMEOUT):
            await pubsub.subscribe(self._engine.control_channel)
            await self._ask(pubsub)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep(pubsub))
            while True:
                message = await pubsub.get_message(timeout=None)
                self._heard_at = time.monotonic()
                if message is not None:
                    self._take(message["type"], message["channel"], message["data"])
                if not self.up and not self._unconfirmed:
                    back_off.reset()
                    self.up = True
                    self._events.subscriptions_up()

    async def _keep(self, pubsub: PubSub) -> None:
        """Ask for what changes, ping, and give a silent connection up."""
        while True:
            try:
                async with asyncio.timeout(PING_INTERVAL):
                    await self._work.wait()
            except TimeoutError:
                if time.monotonic() > self._heard_at + SILENCE_TIMEOUT:
                    raise
                async with asyncio.timeout(CONNECT_TIMEOUT):
                    await pubsub.ping()
            self._work.clear()
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await self._ask(pubsub)

    async def _ask(self, pubsub: PubSub) -> None:
        """Subscribe and unsubscribe what differs from the listeners' channels."""
        wanted = set(self._listeners.channels)
        for channels, command in (
            (list(wanted - self._asked), pubsub.subscribe),
            (list(self._asked - wanted), pubsub.unsubscribe),
        ):
            for start in range(0, len(channels), BATCH_CHANNELS):
                batch = channels[start : start + BATCH_CHANNELS]
                self._unconfirmed.update(batch)
                self._asked.symmetric_difference_update(batch)
                await command(*map(self._engine.channel_key, batch))

    def _take(self, kind: str, key: bytes | None, data: bytes) -> None:
        if kind == "message" and key is not None:
            if data.startswith(self._own):
                return
            try:
                sender, payloads = data[:_NODE_ID_BYTES].decode("ascii"), _decode(data[_NODE_ID_BYTES:])
            except UNREADABLE:
                self._events.unreadable()
                return
            if key == self._engine.control_channel.encode():
                self._events.told(payloads[0])
            else:
                self._listeners.received(sender, self._engine.channel_of(key), payloads)
        elif kind in ("subscribe", "unsubscribe") and key is not None:
            self._confirmed(key)

    def _confirmed(self, key: bytes) -> None:
        if key == self._engine.control_channel.encode():
            return
        channel = self._engine.channel_of(key)
        self._unconfirmed[channel] -= 1
        if self._unconfirmed[channel] <= 0:
            del self._unconfirmed[channel]
        if self._is_held(channel):
            self._answer(channel, held=True)

    def _is_held(self, channel: str) -> bool:
        return channel in self._asked and channel not in self._unconfirmed

    def _answer(self, channel: str, *, held: bool) -> None:
        for future in self._waiters.pop(channel, ()):
            if not future.done():
                future.set_result(held)

    def stop(self) -> None:
        """Close the connection and wake whoever waits for it."""
        self.up = False
        for channel in tuple(self._waiters):
            self._answer(channel, held=False)

    def _down(self, error: Exception) -> None:
        self.stop()
        self._events.subscriptions_down(error)


async def _close(pubsub: PubSub) -> None:
    try:
        async with asyncio.timeout(1.0):
            await pubsub.aclose()  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError):
        return


def _first(group: BaseExceptionGroup[Exception]) -> Exception:
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
