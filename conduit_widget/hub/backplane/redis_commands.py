"""The command connection of a Redis backplane: what waits goes out in one call per turn of the loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from conduit_widget.back_off import BackOff
from conduit_widget.errors import BackplaneUnavailableError
from conduit_widget.hub.backplane.redis_engine import (
    FIRST_RETRY,
    LONGEST_RETRY,
    SCRIPT,
    RedisEngine,
    close_client,
)
from conduit_widget.hub.backplane.redis_nodes import BEAT_INTERVAL, LivingNodes
from conduit_widget.hub.backplane.redis_queue import Argument, OutgoingQueue, Place, envelope

if TYPE_CHECKING:
    from redis.asyncio import Redis

ANSWER_TIMEOUT: Final = 3.0
MAX_READS: Final = 10_000
ANNOUNCE_INTERVAL: Final = 1.0
REWRITE_INTERVAL: Final = 900.0

MISSED: Final = b"missed"
NODES: Final = b"nodes"

_Read = tuple[tuple[Argument, ...], asyncio.Future[Any]]


class CommandEvents(Protocol):
    """Receives the events of the command connection."""

    def commands_up(self) -> None:
        """Called when the engine answers and knows this node."""

    def commands_down(self, error: Exception) -> None:
        """Called when the engine cannot be reached."""

    def missed(self) -> None:
        """Called when messages may have been lost; the other nodes have been told."""

    def nodes(self, others: frozenset[str]) -> None:
        """Called with the ids of the other live nodes."""


class RedisCommands:
    """Messages, entries, reads and the heartbeat of one node, over one connection that heals by itself.

    Overflow policy *drop and say so*: a message that does not fit, or was under way when the connection
    broke, is dropped and announced to every node. Entries are written again.
    """

    def __init__(self, engine: RedisEngine, node_id: str, events: CommandEvents) -> None:
        self.up = False
        self._engine = engine
        self._node_id = node_id
        self._events = events
        self._queue = OutgoingQueue(engine, node_id)
        self._reads: list[_Read] = []
        self._living = LivingNodes(node_id)
        self._work = asyncio.Event()
        self._closing = asyncio.Event()
        self._beat_due = False
        self._beat_timer: asyncio.TimerHandle | None = None
        self._known = False
        self._written_at = 0.0
        self._missed = False
        self._announced_at = 0.0

    # From the hub

    @property
    def queued_bytes(self) -> int:
        """Bytes of messages that wait to be sent."""
        return self._queue.queued_bytes

    def publish(self, channel: str, payload: bytes, position: int | None = None) -> None:
        """Queue a message for the other nodes; with a position it is kept in the hot window too."""
        if not self.up or not self._queue.add(channel, payload, position):
            self._missed = True
        self._work.set()

    def forget(self, channel: str, position: int) -> None:
        """Drop a channel's hot window up to a position."""
        if self.up:
            self._queue.forget(channel, position)
            self._work.set()

    def put(self, table: str, key: str, value: bytes | None) -> None:
        """Set or remove this node's entry."""
        self._queue.put(table, key, value)
        self._work.set()

    async def window(self, channel: str, after: int) -> list[tuple[int, bytes]]:
        """Read a channel's hot window after a position."""
        members = cast("list[bytes]", await self._read("r", self._engine.window_key(channel), after))
        parts = (member.partition(b":") for member in members)
        return [(int(position), payload) for position, _, payload in parts]

    async def entries(self, table: str, key: str) -> Mapping[str, bytes]:
        """Read the other living nodes' entries."""
        read = await self._read("h", self._engine.entry_key(table, key), self._engine.nodes_key)
        flat = cast("list[bytes]", read)
        found = {node.decode(): value for node, value in zip(flat[::2], flat[1::2], strict=True)}
        found.pop(self._node_id, None)
        return found

    async def keep(self, table: str, key: str, value: bytes, seconds: float) -> None:
        """Keep a value for a while."""
        await self._read("k", self._engine.kept_key(table, key), value, max(1, round(seconds * 1000)))

    async def kept(self, table: str, key: str, *, take: bool) -> bytes | None:
        """Read a kept value, or take it."""
        found = await self._read("t" if take else "g", self._engine.kept_key(table, key))
        return cast("bytes", found) or None

    def look_at_nodes(self) -> None:
        """Look who lives now, not at the next heartbeat."""
        self._beat_due = True
        self._work.set()

    def close(self) -> None:
        """Send what waits, take the entries back, say goodbye and let :meth:`run` return."""
        self._closing.set()
        self._work.set()

    async def _read(self, *operation: Argument) -> object:
        """Do an operation that answers."""
        if not self.up or len(self._reads) >= MAX_READS:
            raise BackplaneUnavailableError("The backplane cannot be reached.")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._reads.append((operation, future))
        self._work.set()
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                return cast("object", await future)
        except TimeoutError:
            raise BackplaneUnavailableError("The backplane does not answer.") from None

    # To the engine

    async def run(self) -> None:
        """Connect and carry, again and again, until :meth:`close`."""
        back_off = BackOff(FIRST_RETRY, LONGEST_RETRY)
        while not self._closing.is_set():
            client = self._engine.client()
            try:
                await self._connect(client)
                back_off.reset()
                while not self._closing.is_set():
                    await self._work.wait()
                    self._work.clear()
                    await self._send(client)
                await self._say_goodbye(client)
            except Exception as error:  # noqa: BLE001 - whatever broke, the connection is made anew
                self._down(error)
            finally:
                await close_client(client)
            if not self._closing.is_set():
                await asyncio.sleep(back_off.next_delay())

    async def _connect(self, client: Redis) -> None:
        """Beat, write every entry (the engine may be a new one), tell the others; then take messages."""
        self._known = False
        self._beat_due = True
        self._written_at = time.monotonic()
        self._queue.write_again()
        while self._beat_due or self._queue.entries_wait:
            await self._send(client)
        await self._call(client, self._control(NODES))
        self.up = True
        self._work.set()
        self._events.commands_up()

    async def _say_goodbye(self, client: Redis) -> None:
        self._queue.remove_entries()
        while not self._queue.empty:
            await self._send(client)
        await self._call(client, ["q", self._engine.nodes_key, self._node_id, *self._control(NODES)])
        self.stop()

    def _down(self, error: Exception) -> None:
        if self.up:
            # What was heard or said around the break may be lost, whether or not something waited.
            self._missed = True
        self.stop()
        self._events.commands_down(error)

    def stop(self) -> None:
        """Carry nothing any more: messages are dropped, whoever reads is told."""
        self.up = False
        self._queue.drop_messages()
        reads, self._reads = self._reads, []
        _fail(reads)
        if self._beat_timer is not None:
            self._beat_timer.cancel()

    async def _send(self, client: Redis) -> None:
        """Send one batch; what is left sets the event again."""
        arguments, places = self._queue.pop_batch()
        reads, self._reads = self._reads, []
        for read, _ in reads:
            arguments += read
        beat, self._beat_due = self._beat_due, False
        if beat:
            arguments += ("b", self._engine.nodes_key, self._node_id)
        announce = self._may_announce()
        if announce:
            arguments += self._control(MISSED)
        if not arguments:
            return
        try:
            answers = await self._call(client, arguments)
        except BaseException:
            self._lost(places, reads)
            raise
        for (_, future), answer in zip(reads, answers, strict=False):
            if not future.done():
                future.set_result(answer)
        if announce:
            self._missed = False
            self._announced_at = time.monotonic()
            self._events.missed()
        if beat:
            self._beaten(answers[-1])
        if not self._queue.empty or self._missed:
            self._work.set()

    def _lost(self, places: list[Place], reads: list[_Read]) -> None:
        self._queue.write_again(places)
        _fail(reads)

    def _may_announce(self) -> bool:
        """Whether to tell that messages are missing: once all is sent, and at most once a second."""
        if not self._missed or not self.up or not self._queue.empty:
            return False
        wait = self._announced_at + ANNOUNCE_INTERVAL - time.monotonic()
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._work.set)
        return wait <= 0

    def _beaten(self, answer: list[Any]) -> None:
        """Take the heartbeat's answer: whether the engine had forgotten this node, its clock, who lives."""
        new, engine_time, seen = answer
        now = time.monotonic()
        forgotten = bool(new) and self._known
        self._known = True
        if forgotten:
            self._missed = True
        if forgotten or now > self._written_at + REWRITE_INTERVAL:
            self._written_at = now
            self._queue.write_again()
        if self._beat_timer is not None:
            self._beat_timer.cancel()
        self._beat_timer = asyncio.get_running_loop().call_later(BEAT_INTERVAL, self.look_at_nodes)
        nodes = frozenset(node.decode() for node in seen)
        others = self._living.look(nodes, engine_time=float(engine_time), now=now, expired=bool(new))
        self._events.nodes(others)

    def _control(self, word: bytes) -> list[Argument]:
        return ["m", self._engine.control_channel, envelope(self._node_id, [word])]

    async def _call(self, client: Redis, arguments: list[Argument]) -> list[Any]:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            call = client.execute_command("EVAL", SCRIPT, 0, *arguments)  # type: ignore[no-untyped-call]
            return cast("list[Any]", await call)


def _fail(reads: list[_Read]) -> None:
    for _, future in reads:
        if not future.done():
            future.set_exception(BackplaneUnavailableError("The backplane cannot be reached."))
