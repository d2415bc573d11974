"""What was seen of a conversation is readable while the hub is away."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.chat_client.offline import seen as seen_module, seen_store
from conduit_widget.chat_client.offline.entries import Place
from conduit_widget.chat_client.offline.seen_store import MAX_SEEN, SeenState, SeenStore
from conduit_widget.errors import ConnectionFailedError
from tests.support.kernel.scripted_processes import Hub, Process
from tests.support.waiting import eventually

HERE = Place(hub="http://hub", user="ann", conversation="team")


def version(seq: int, text: Any = "text") -> tuple[str, int, dict[str, Any]]:
    """A message of that position."""
    wire = {"id": f"m{seq}", "role": "user", "content": text, "metadata": {"seq": seq}}
    return f"m{seq}", seq, wire


def seqs(store: SeenStore, place: Place = HERE) -> list[int]:
    """The positions of what is kept."""
    found = store.read(place)
    return [] if found is None else [each["metadata"]["seq"] for each in found.messages]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write at once."""
    monkeypatch.setattr(seen_module, "REST", 0.01)


def test_newest_messages_are_kept(tmp_path: Path) -> None:
    """As many as are promised, in order, in their newest version."""
    assert MAX_SEEN == 500
    store = SeenStore(tmp_path)
    store.note(HERE, SeenState("e", 600, 1), [version(seq) for seq in range(1, 601)])
    assert seqs(store) == list(range(101, 601))
    store.note(HERE, SeenState("e", 602, 1), [version(601), version(600, "edited")])
    found = SeenStore(tmp_path).read(HERE)
    assert found is not None
    assert [each["content"] for each in found.messages[-2:]] == ["edited", "text"]
    assert abs(found.as_of - time.time()) < 3600


def test_no_hole_is_kept(tmp_path: Path) -> None:
    """Where something may have been missed, or the log is another, only what is new stays."""
    store = SeenStore(tmp_path)
    store.note(HERE, SeenState("e", 3, 1), [version(1), version(3)])
    store.note(HERE, SeenState("e", 6, 4), [version(4)])
    assert seqs(store) == [1, 3, 4]
    store.note(HERE, SeenState("e", 20, 15), [version(15)])
    assert seqs(store) == [15]
    store.note(HERE, SeenState("other", 2, 1), [version(1)])
    assert seqs(store) == [1]


def test_deleted_text_is_gone_from_the_file(tmp_path: Path) -> None:
    """A tombstone takes its place; what one may not read any more goes whole."""
    store = SeenStore(tmp_path)
    store.note(HERE, SeenState("e", 1, 1), [version(1, "secret words")])
    assert b"secret words" in store.database.path.read_bytes()
    store.note(HERE, SeenState("e", 2, 1), [version(1, "")])
    assert b"secret words" not in store.database.path.read_bytes()
    store.forget(HERE)
    assert store.read(HERE) is None


def test_nothing_is_shown_with_a_hole_in_it(tmp_path: Path) -> None:
    """One message that cannot be read takes the conversation with it; it comes again from the hub."""
    store = SeenStore(tmp_path)
    store.note(HERE, SeenState("e", 2, 1), [version(1), version(2)])
    assert store.read(HERE)
    store.database.write(lambda db: db.execute("UPDATE messages SET body=? WHERE seq=1", (b"[]",)))
    assert store.read(HERE) is None


def test_room_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not seen for the longest time goes first; pictures are left out of what is large."""
    monkeypatch.setattr(seen_store, "MAX_CONVERSATIONS", 3)
    store = SeenStore(tmp_path)
    places = [Place(hub="h", user="u", conversation=str(number)) for number in range(5)]
    for place in places:
        store.note(place, SeenState("e", 1, 1), [version(1)])
    assert [seqs(store, place) for place in places] == [[], [], [1], [1], [1]]
    monkeypatch.setattr(seen_store, "MAX_BYTES", 400)
    store.note(places[4], SeenState("e", 2, 1), [version(2, "x" * 300)])
    assert [seqs(store, place) for place in places[2:]] == [[], [], [1, 2]]
    picture = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "x" * 300_000}}]
    store.note(HERE, SeenState("e", 1, 1), [version(1, picture)])
    found = store.read(HERE)
    assert found is not None
    assert found.messages[0]["content"] == [{"type": "text", "text": "look"}]


async def test_process_that_starts_while_the_hub_is_away_shows_what_was_seen(
    process: Callable[..., Process], hub: Hub
) -> None:
    """As of when it was; the hub's own state replaces it when it is back."""
    hub.log = [("1", "one"), ("2", "two")]
    ann = process()
    await ann.live()
    await eventually(lambda: ann.keeper.seen.read(ann.place), what="it is kept")
    await ann.end()
    hub.log.append(("3", "three"))
    again = process(start_error=ConnectionFailedError("No answer from the hub."))
    conversation = again.conversation
    await eventually(lambda: conversation.queue.as_of is not None, what="it is shown")
    assert [each.text for each in conversation.transcript.messages] == ["one", "two"]
    assert abs((conversation.queue.as_of or 0) / 1000 - time.time()) < 3600
    again.connection.start_error = None
    conversation.retry_now()
    await again.live()
    assert [each.text for each in conversation.transcript.messages] == ["one", "two", "three"]
    assert conversation.queue.as_of is None


async def test_hub_that_goes_away_leaves_what_was_there(process: Callable[..., Process], hub: Hub) -> None:
    """With the moment from which on nothing more was heard."""
    ann = process()
    await ann.away()
    assert abs((ann.conversation.queue.as_of or 0) / 1000 - time.time()) < 3600
    ann.connection.restore()
    await ann.live()
    assert ann.conversation.queue.as_of is None


async def test_who_was_removed_keeps_nothing(process: Callable[..., Process], hub: Hub) -> None:
    """Neither in the process nor on disk."""
    hub.log = [("1", "one")]
    ann = process()
    await ann.live()
    await eventually(lambda: ann.keeper.seen.read(ann.place), what="it is kept")
    ann.connection.emit("RemovedFromConversation", "c")
    await eventually(lambda: ann.keeper.seen.read(ann.place) is None, what="it is gone")
