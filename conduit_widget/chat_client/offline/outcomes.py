"""What becomes of what waits: it is asked for, refused, done, or was never heard. Lists in, lists out."""

from __future__ import annotations

from msgspec.structs import replace

from conduit_widget.chat_client.offline.entries import QueuedEntry
from conduit_widget.chat_client.offline.merging import Entries, relinked
from conduit_widget.types import SendReceipt


def refused(
    entries: Entries, entry_id: str | None, reason: str, kind: str | None = None
) -> list[QueuedEntry]:
    """Return the queue with an entry refused, or all that wait where none is named; they have not arrived.

    With a ``kind`` it is refused as what it was then: one whose deletion was asked for meanwhile is not.
    """

    def after(entry: QueuedEntry) -> QueuedEntry:
        if entry.state != "waiting" or entry_id not in (None, entry.id) or kind not in (None, entry.kind):
            return entry
        return replace(
            entry,
            state="refused",
            reason=reason,
            attempted=False,
            reworded=False,
            revision=entry.revision + 1,
        )

    kept = [after(each) for each in entries if entry_id is not None or each.kind != "read"]
    return relinked([each for each in kept if each.kind != "read" or each.state == "waiting"], entries)


def settled(
    entries: Entries, entry_id: str, revision: int, receipt: SendReceipt | None = None
) -> list[QueuedEntry]:
    """Return the queue without what the hub has done; what was changed since it was asked stays."""
    kept = (_left(each, revision, receipt) if each.id == entry_id else each for each in entries)
    return [each for each in kept if each is not None]


def _left(entry: QueuedEntry, revision: int, receipt: SendReceipt | None) -> QueuedEntry | None:
    """Return what is left of an entry when the hub has done it; None where nothing is."""
    if entry.message is None:
        return None if entry.revision == revision else entry
    if not entry.reworded:
        return None
    # It may have arrived with its earlier words: an edit follows, which changes nothing where it has not.
    return replace(
        entry,
        kind="edit",
        content=entry.message.content,
        message=None,
        seq=0 if receipt is None else receipt.seq,
        attempted=False,
        reworded=False,
        revision=entry.revision + 1,
    )


def attempted(entries: Entries, entry_id: str) -> list[QueuedEntry]:
    """Return the queue with an entry marked that waits: the hub is asked now."""
    return [
        replace(each, attempted=True) if each.id == entry_id and each.state == "waiting" else each
        for each in entries
    ]


def unheard(entries: Entries, entry_id: str) -> list[QueuedEntry]:
    """Return the queue with an entry of which it turned out that the hub was not asked for it at all.

    Everything may be done to it again; where it was to be deleted meanwhile, nothing is left to do.
    """
    return [
        replace(each, attempted=False, reworded=False) if each.id == entry_id else each
        for each in entries
        if each.id != entry_id or not each.unsure
    ]
