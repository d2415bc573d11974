"""What waits for the hub, as views show it: bounded, however much waits."""

from __future__ import annotations

from typing import Final

from conduit_widget.chat_client.offline.entries import QueuedEntry
from conduit_widget.chat_client.offline.outbox import Outbox
from conduit_widget.chat_client.state.changes import Queue, QueuedItem

MAX_ITEMS: Final = 100
MAX_TEXT: Final = 4_000
"""Characters of each text; a longer one cannot be edited in a view."""


def queue_of(outbox: Outbox, as_of: int | None) -> Queue:
    """Return the beginning of a queue, how much waits in all, and as of when (epoch ms) the rest is shown."""
    shown = outbox.shown
    return Queue(
        count=len(shown), items=[_item(each) for each in shown[:MAX_ITEMS]], note=outbox.note, as_of=as_of
    )


def _item(entry: QueuedEntry) -> QueuedItem:
    assert entry.kind != "read"
    return QueuedItem(
        id=entry.id,
        kind=entry.kind,
        message_id=entry.message_id,
        text=entry.text[:MAX_TEXT],
        is_cut=len(entry.text) > MAX_TEXT,
        files=[each.name for each in entry.files],
        emoji=entry.emoji,
        is_on=entry.is_on,
        created=entry.created,
        reason=entry.reason or None if entry.state == "refused" else None,
        attempted=entry.attempted,
    )
