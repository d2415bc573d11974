"""How what people do to messages merges with what waits already. No I/O: lists in, lists out.

An entry that was attempted is never taken back as if nothing had been: the hub may have it. What would undo
it then follows it.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from conduit_widget.chat_client.offline.entries import MAY_HAVE_ARRIVED, QueuedEntry
from conduit_widget.errors import ConduitError
from conduit_widget.types import Content

Entries = Sequence[QueuedEntry]

_GONE = "It was deleted, and the deletion waits for the hub."


def added(entries: Entries, new: QueuedEntry) -> list[QueuedEntry]:
    """Return the queue with one thing more, merged with what is there.

    Raises:
        ConduitError: what it is about is being deleted.

    """
    match new.kind:
        case "message":
            known = find(entries, new.id)
            if known is not None:
                return _with(entries, _again(known))
            return relinked([*entries, new], [*entries, new])
        case "edit":
            return _edited(entries, new)
        case "delete":
            return _deleted(entries, new)
        case "react":
            return _reacted(entries, new)
        case "read":
            return _have_read(entries, new)


def find(entries: Entries, entry_id: str) -> QueuedEntry | None:
    """Return an entry by its id."""
    return next((each for each in entries if each.id == entry_id), None)


def reworded(entries: Entries, entry_id: str, content: Content) -> list[QueuedEntry]:
    """Return the queue with other words in a message or an edit that waits; a refused one is tried again.

    Raises:
        ConduitError: there is no such entry, or it has no words.

    """
    entry = _known(entries, entry_id)
    if entry.message is not None:
        message = replace(entry.message, content=content)
        changed = replace(_again(entry), message=message, reworded=entry.reworded or entry.attempted)
    elif entry.kind == "edit":
        changed = replace(_again(entry), content=content)
    else:
        raise ConduitError("Only messages and edits have a text.")
    return _with(entries, changed)


def removed(entries: Entries, entry_id: str) -> list[QueuedEntry]:
    """Return the queue without an entry; of a message that may have arrived its deletion is left.

    Raises:
        ConduitError: there is no such entry, or the hub may have it already.

    """
    entry = _known(entries, entry_id)
    if entry.kind == "message":
        if not entry.attempted:
            return relinked([each for each in entries if each.message_id != entry.id], entries)
        gone = replace(entry, kind="delete", message=None, unsure=True, revision=entry.revision + 1)
        return relinked(
            [each for each in _with(entries, gone) if each.id == gone.id or each.message_id != gone.id],
            entries,
        )
    if entry.attempted:
        raise ConduitError("The hub may have done this already: it cannot be taken back here.")
    return [each for each in entries if each.id != entry_id]


def moved(entries: Entries, entry_id: str, to: int) -> list[QueuedEntry]:
    """Return the queue with an entry at another index of those that people see; what is beyond is the end.

    Raises:
        ConduitError: there is no such entry, or a message would change its place that may have arrived, or
            come after what is done to it. Where what is done to messages stands among others is all the same.

    """
    entry = _known(entries, entry_id)
    shown = [each for each in entries if each.is_shown]
    others = [each for each in shown if each is not entry]
    at = min(max(to, 0), len(others))
    order = [*others[:at], entry, *others[at:]]
    messages = [[each for each in them if each.kind == "message"] for them in (shown, order)]
    if any(was.attempted and was is not now for was, now in zip(*messages, strict=True)):
        raise ConduitError(MAY_HAVE_ARRIVED)
    _check_after_its_message(order)
    places = iter(order)
    return relinked([next(places) if each.is_shown else each for each in entries], entries)


def again(entries: Entries, entry_id: str) -> list[QueuedEntry]:
    """Return the queue with an entry waiting again that was refused.

    Raises:
        ConduitError: there is no such entry.

    """
    return _with(entries, _again(_known(entries, entry_id)))


def relinked(entries: Entries, before: Entries) -> list[QueuedEntry]:
    """Let each message continue the one that now goes before it.

    Messages of one branch that are typed while the hub is away continue each other. Where one of them is
    gone, refused or moved, the next continues what is left: the hub takes none that continues nothing.
    """
    parents = {each.id: each.message.parent_id for each in before if each.message is not None}
    ends: dict[str, str] = {}
    linked: list[QueuedEntry] = []
    for entry in entries:
        message = entry.message
        if message is not None and message.parent_id is not None and not entry.attempted:
            root = _root(message.parent_id, parents)
            if root is not None:
                parent = ends.get(root, root)
                if parent != message.parent_id:
                    entry = replace(  # noqa: PLW2901 - the same entry, linked anew
                        entry, message=replace(message, parent_id=parent), revision=entry.revision + 1
                    )
        if message is not None and entry.state == "waiting":
            root = _root(entry.id, parents)
            if root is not None:
                ends[root] = entry.id
        linked.append(entry)
    return linked


def _root(message_id: str, parents: dict[str, str | None]) -> str | None:
    """Return the message outside the queue that a chain of waiting ones continues; None: it names none."""
    seen: set[str] = set()
    at: str | None = message_id
    while at is not None and at in parents and at not in seen:
        seen.add(at)
        at = parents[at]
    return at


def _check_after_its_message(order: Sequence[QueuedEntry]) -> None:
    """What is done to a message cannot be done before it is there."""
    places = {each.id: place for place, each in enumerate(order) if each.kind == "message"}
    if any(places.get(each.message_id, -1) > place for place, each in enumerate(order)):
        raise ConduitError("That is about a message which waits after it.")


def _known(entries: Entries, entry_id: str) -> QueuedEntry:
    entry = find(entries, entry_id)
    if entry is None:
        raise ConduitError("That does not wait any more: it was sent or deleted.")
    return entry


def _again(entry: QueuedEntry) -> QueuedEntry:
    """What was refused is known not to have arrived."""
    return replace(entry, state="waiting", reason="", revision=entry.revision + 1)


def _with(entries: Entries, changed: QueuedEntry) -> list[QueuedEntry]:
    return [changed if each.id == changed.id else each for each in entries]


def _about(entries: Entries, new: QueuedEntry, kind: str) -> QueuedEntry | None:
    return next((each for each in entries if each.kind == kind and each.message_id == new.message_id), None)


def _edited(entries: Entries, new: QueuedEntry) -> list[QueuedEntry]:
    if _about(entries, new, "delete") is not None:
        raise ConduitError(_GONE)
    known = _about(entries, new, "message") or _about(entries, new, "edit")
    return [*entries, new] if known is None else reworded(entries, known.id, new.content)


def _deleted(entries: Entries, new: QueuedEntry) -> list[QueuedEntry]:
    if (message := _about(entries, new, "message")) is not None:
        return removed(entries, message.id)
    if (known := _about(entries, new, "delete")) is not None:
        return _with(entries, _again(known))
    # What else was to be done to it would be refused, or change nothing: attempted or not.
    return [*(each for each in entries if each.message_id != new.message_id or each.kind == "read"), new]


def _reacted(entries: Entries, new: QueuedEntry) -> list[QueuedEntry]:
    if _about(entries, new, "delete") is not None:
        raise ConduitError(_GONE)
    same = [
        each
        for each in entries
        if each.kind == "react" and each.message_id == new.message_id and each.emoji == new.emoji
    ]
    if not same:
        return [*entries, new]
    known = same[-1]
    if known.is_on == new.is_on:
        return _with(entries, _again(known))
    if known.attempted:
        return _with(entries, replace(_again(known), is_on=new.is_on))
    return [each for each in entries if each is not known]


def _have_read(entries: Entries, new: QueuedEntry) -> list[QueuedEntry]:
    known = next((each for each in entries if each.kind == "read"), None)
    if known is None:
        return [*entries, new]
    return _with(entries, replace(known, seq=max(known.seq, new.seq), revision=known.revision + 1))
