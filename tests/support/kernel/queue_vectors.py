"""Plays the vectors of what waits for the hub on a queue on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from conduit_widget.chat_client.offline import merging, outcomes
from conduit_widget.chat_client.offline.entries import Place, QueuedEntry
from conduit_widget.chat_client.offline.queue_store import QueueStore
from conduit_widget.errors import ConduitError
from conduit_widget.types import ChatMessage

VECTORS: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "offline_queue.json").read_text(encoding="utf-8")
)
HERE: Final = Place(hub="scripted", user="ann", conversation="c")
ERRORS: Final = {
    "gone": "the deletion waits",
    "may have arrived": "its place cannot change",
    "may be done": "cannot be taken back",
    "not waiting": "does not wait any more",
    "too early": "waits after it",
    "wordless": "have a text",
    "too many": "the most that are kept",
    "too large": "the limit is 50 MiB",
}
"""Part of what each refusal says, by its name in the vectors."""

Entries = list[QueuedEntry]
Step = dict[str, Any]


class Played:
    """A queue on which a case is played."""

    def __init__(self, directory: Path) -> None:
        self._store = QueueStore(directory)

    def step(self, step: Step) -> str | None:
        """Do something to it; return the name of the refusal, None where there is none."""
        try:
            self._do(step)
        except ConduitError as error:
            return next(name for name, text in ERRORS.items() if text in str(error))
        return None

    def queue(self) -> list[dict[str, Any]]:
        """Return what waits, as vectors write it."""
        return [_written(each.entry) for each in self._store.read(HERE)]

    def close(self) -> None:
        """Close the file."""
        self._store.database.close()

    def _do(self, step: Step) -> None:
        entry_id: str = step.get("id", "")
        match step["do"]:
            case "attempt":
                self._store.attempt(HERE, entry_id)
            case "done":
                self._store.settle(HERE, entry_id, step["revision"], None)
            case "unheard":
                self._note(lambda entries: outcomes.unheard(entries, entry_id))
            case "refuse":
                self._note(
                    lambda entries: outcomes.refused(entries, entry_id, _text(step, "reason"), step["kind"])
                )
            case "fill":
                several = [_new({"do": "say", "id": f"f{n}", "text": ""}) for n in range(step["count"])]
                self._store.change(HERE, lambda entries: [*entries, *several])
            case _:
                self._store.change(HERE, _act(step))

    def _note(self, change: Callable[[Entries], Entries]) -> None:
        self._store.change(HERE, change, has_room=True)


def _act(step: Step) -> Callable[[Entries], Entries]:
    match step["do"]:
        case "reword":
            return lambda entries: merging.reworded(entries, step["id"], _text(step))
        case "takeBack":
            return lambda entries: merging.removed(entries, step["id"])
        case "move":
            return lambda entries: merging.moved(entries, step["id"], step["to"])
        case "again":
            return lambda entries: merging.again(entries, step["id"])
    return lambda entries: merging.added(entries, _new(step))


def _new(step: Step) -> QueuedEntry:
    if step["do"] == "say":
        said = ChatMessage(id=step["id"], role="user", content=_text(step), parent_id=step.get("parent"))
        return QueuedEntry(id=step["id"], kind="message", message_id=step["id"], message=said)
    return QueuedEntry(
        id=step["id"],
        kind=step["do"],
        message_id=step.get("about", ""),
        content=_text(step),
        emoji=step.get("emoji", ""),
        is_on=step.get("on", True),
        seq=step.get("seq", 0),
    )


def _text(step: Step, name: str = "text") -> str:
    return "x" * (step["mib"] * 1024 * 1024) if "mib" in step else str(step.get(name, ""))


def _written(entry: QueuedEntry) -> dict[str, Any]:
    said = {
        "about": "" if entry.kind == "message" else entry.message_id,
        "text": entry.text,
        "parent": None if entry.message is None else entry.message.parent_id,
        "emoji": entry.emoji,
        "on": entry.is_on,
        "seq": entry.seq,
        "reason": entry.reason if entry.state == "refused" else None,
        "attempted": entry.attempted,
        "reworded": entry.reworded,
        "unsure": entry.unsure,
        "revision": entry.revision,
    }
    return {
        "id": entry.id,
        "kind": entry.kind,
        **{k: v for k, v in said.items() if v != VECTORS["defaults"][k]},
    }
