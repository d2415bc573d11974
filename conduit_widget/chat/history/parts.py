"""Events that hold what changed beside a message's words, and nothing of the words: reactions and pins.

A reaction to a long message would else log the whole of it again. Whoever follows the log gets whole messages
all the same: as they happen from the change itself, later from the message's newest version, with what the
event says of it. Edits and deletions rewrite a message's earlier events, parts too, as whole ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from conduit_widget.contract import ChatEvent
from conduit_widget.types import LogEvent

BESIDE: Final = ("reactions", "pinned")
"""What of a message's metadata changes without its words."""
_STAMP: Final = ("conversationId", "seq", "eventSeq", "timestamp", "updatedAt")


def part_of(message_id: str, wire: Mapping[str, Any], stamp: Mapping[str, Any]) -> bytes:
    """Return what an event keeps of a message in wire form of which only :data:`BESIDE` has changed."""
    metadata = wire.get("metadata") or {}
    kept = {key: metadata[key] for key in (*BESIDE, *_STAMP) if key in metadata}
    return msgspec.json.encode({"id": message_id, "metadata": {**kept, **stamp}})


def ids_of_parts(events: Iterable[LogEvent]) -> list[str]:
    """Return the ids of the messages of which events hold a part only, each once."""
    return list(dict.fromkeys(part["id"] for event in events if (part := _part(event)) is not None))


def made_whole(
    events: Sequence[LogEvent], newest: Mapping[str, tuple[dict[str, Any], int]], room: int
) -> list[LogEvent] | None:
    """Return the events with whole messages in place of parts.

    Args:
        events: as they are in the log.
        newest: by id the messages' newest versions, in wire form, and their bytes.
        room: how many bytes may be added.

    Returns:
        None where a message is not there any more, or there is no room.

    """
    whole: list[LogEvent] = []
    for event in events:
        part = _part(event)
        if part is None:
            whole.append(event)
            continue
        if part["id"] not in newest:
            return None
        message, size = newest[part["id"]]
        room -= size
        if room < 0:
            return None
        metadata = {key: value for key, value in message.get("metadata", {}).items() if key not in BESIDE}
        arguments = [{**message, "metadata": {**metadata, **part["metadata"]}}]
        whole.append(LogEvent(seq=event.seq, target=event.target, arguments=arguments))
    return whole


def _part(event: LogEvent) -> dict[str, Any] | None:
    match event.arguments:
        case [{"id": str(), "metadata": dict()} as message] if event.target == ChatEvent.MESSAGE_UPDATED:
            return None if "content" in message else message
        case _:
            return None
