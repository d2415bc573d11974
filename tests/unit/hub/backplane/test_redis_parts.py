"""The parts of the Redis backplane that need no engine: who lives, and what waits."""

from __future__ import annotations

import msgspec

from conduit_widget.hub.backplane.redis_engine import RedisEngine
from conduit_widget.hub.backplane.redis_nodes import LivingNodes
from conduit_widget.hub.backplane.redis_queue import (
    BATCH_BYTES,
    BATCH_ENTRIES,
    MAX_QUEUE_BYTES,
    MAX_UNSENT_ENTRIES,
    OutgoingQueue,
)

ME = "0123456789abcdef"
BOTH = frozenset({ME, "b", "c"})


def _look(living: LivingNodes, now: float, *seen: str, jump: float = 0.0, expired: bool = False) -> list[str]:
    nodes = frozenset({ME, *seen})
    return sorted(living.look(nodes, engine_time=1e9 + now + jump, now=now, expired=expired))


def test_node_that_is_not_seen_is_gone_when_nothing_stood_still() -> None:
    """Comings and goings count at once in quiet times; one's own name never does."""
    living = LivingNodes(ME)
    assert _look(living, 0, "b", "c") == ["b", "c"]
    assert _look(living, 2, "b") == ["b"]
    assert _look(living, 4, "b", "d") == ["b", "d"]
    assert _look(living, 6) == []


def test_nobody_is_declared_dead_because_something_stood_still() -> None:
    """After a late look, a clock that jumped or an own heartbeat that ran out, the known stay a while."""
    for late, jump, expired in (
        (5.0, 0.0, False),
        (2.0, 3600.0, False),
        (2.0, -30.0, False),
        (2.0, 0.0, True),
    ):
        living = LivingNodes(ME)
        _look(living, 0, "b", "c")
        assert _look(living, late, "d", jump=jump, expired=expired) == ["b", "c", "d"]
        assert _look(living, late + 2, "c", "d", jump=jump) == ["b", "c", "d"]
        assert _look(living, late + 4, "c", "d", jump=jump) == ["c", "d"]


def _queue() -> OutgoingQueue:
    return OutgoingQueue(RedisEngine("redis://localhost", "ns"), ME)


def test_entries_go_first_and_only_their_newest_value() -> None:
    """Messages wait for entries that were put before them; an entry never set needs no removal."""
    queue = _queue()
    queue.add("room", b"1", None)
    queue.put("users", "ann", b"1")
    queue.put("users", "ann", b"2")
    queue.put("users", "bob", None)
    arguments, places = queue.pop_batch()
    assert places == [("users", "ann")]
    data = ME.encode() + msgspec.msgpack.encode([b"1"])
    assert arguments == ["e", "ns:entries:users:ann", ME, b"2", "m", "ns:channel:room", data]
    assert queue.empty
    for number in range(BATCH_ENTRIES + 1):
        queue.put("users", f"u{number}", b"1")
    queue.add("room", b"2", None)
    arguments, places = queue.pop_batch()
    assert len(places) == BATCH_ENTRIES
    assert "m" not in arguments
    arguments, places = queue.pop_batch()
    assert len(places) == 1
    assert "m" in arguments


def test_messages_of_a_channel_share_one_publish_and_batches_are_bounded() -> None:
    """A turn's messages are one PUBLISH a channel; a batch stops once it is a megabyte."""
    queue = _queue()
    for number in range(3):
        queue.add("room", b"%d" % number, 7 + number)
    queue.add("other", b"x", None)
    arguments, _ = queue.pop_batch()
    assert arguments[:9] == ["w", "ns:window:room", 3, 7, b"7:0", 8, b"8:1", 9, b"9:2"]
    assert [item for item in arguments if item == "m"] == ["m", "m"]
    added = 0
    while queue.add(f"room{added}", b"x" * 1000, None):
        added += 1
    assert queue.queued_bytes <= MAX_QUEUE_BYTES < queue.queued_bytes + 1064
    first, _ = queue.pop_batch()
    size = sum(len(item) for item in first if isinstance(item, bytes))
    assert BATCH_BYTES * 0.9 < size < BATCH_BYTES + 2000
    while not queue.empty:
        queue.pop_batch()
    assert queue.queued_bytes == 0


def test_lost_batch_is_written_again_with_its_removals() -> None:
    """An entry that was being removed when the connection broke is removed after all."""
    queue = _queue()
    queue.put("users", "ann", b"1")
    queue.pop_batch()
    queue.put("users", "ann", None)
    _, places = queue.pop_batch()
    queue.write_again(places)
    queue.write_again()
    assert queue.pop_batch()[0] == ["d", "ns:entries:users:ann", ME]


def test_removals_are_bounded_while_the_engine_is_away() -> None:
    """Users that come and go during an outage do not pile up; present entries are all kept."""
    queue = _queue()
    for number in range(MAX_UNSENT_ENTRIES + 1000):
        queue.put("users", f"u{number}", b"1")
        queue.put("users", f"u{number}", None)
    queue.put("users", "ann", b"1")
    count, sent = 0, 0
    while not queue.empty:
        arguments, places = queue.pop_batch()
        count += len(places)
        sent += arguments.count("e")
    assert count <= MAX_UNSENT_ENTRIES + 1
    assert sent == 1
