"""What waits for the hub, as a table at the prompt and in a notebook."""

from __future__ import annotations

import html
from typing import Any, Final, Protocol

from conduit_widget.chat_client.offline.entries import QueuedEntry
from conduit_widget.text.plain_text import plain_name
from conduit_widget.widget.tables.found_tables import html_table, text_table

_COLUMNS: Final = ("", "Since", "What", "Text", "State")
_NONE: Final = "Nothing waits for the hub."
_WORDS: Final = {"message": "message", "edit": "edit", "delete": "deletion", "react": "reaction"}


class QueueActs(Protocol):
    """What can be done to what waits; each returns when it is on disk."""

    def edit(self, entry_id: str, text: str) -> None:
        """Give it another text."""

    def delete(self, entry_id: str) -> None:
        """Take it back."""

    def move(self, entry_id: str, to: int) -> None:
        """Put it at another place."""

    def send_again(self, entry_id: str) -> None:
        """Send what was refused once more."""


class Queued:
    """One thing that waits for the hub, as it was when :attr:`Chat.queued` was read.

    ``id``, ``kind`` (``message``, ``edit``, ``delete`` or ``react``), ``text``, ``since`` (ISO 8601) and
    ``reason``, why the hub refused it; None where it waits to be sent.
    """

    __slots__ = ("_acts", "id", "kind", "reason", "since", "text")

    def __init__(self, entry: QueuedEntry, acts: QueueActs) -> None:
        self.id = entry.id
        self.kind = entry.kind
        self.text = entry.emoji if entry.kind == "react" else entry.text
        self.since = entry.created
        self.reason = entry.reason if entry.state == "refused" else None
        self._acts = acts

    def edit(self, text: str) -> None:
        """Give it another text; what the hub had refused is sent again.

        Raises:
            ValidationError: the text is empty or too long.
            ConduitError: it waits no more, or has no text.

        """
        self._acts.edit(self.id, text)

    def delete(self) -> None:
        """Take it back; the hub never hears of it, unless it may have heard already.

        Raises:
            ConduitError: it waits no more.

        """
        self._acts.delete(self.id)

    def move(self, to: int) -> None:
        """Put it at another place in the order, counted from 0.

        Raises:
            ConduitError: it waits no more, or it or what it would overtake may have arrived.

        """
        self._acts.move(self.id, to)

    def send_again(self) -> None:
        """Send what the hub refused once more.

        Raises:
            ConduitError: it waits no more.

        """
        self._acts.send_again(self.id)

    def __repr__(self) -> str:
        """Return it in a short line."""
        state = "waits" if self.reason is None else "refused"
        return f"<{_WORDS[self.kind]} {state}: {plain_name(self.text, 60)}>"


class QueuedTable(tuple[Queued, ...]):
    """What waits for the hub, in the order in which it is sent.

    ::

        chat.queued[0].edit("Something better.")
        chat.queued[2].move(0)
        chat.queued[1].delete()
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the table as text."""
        return text_table(_COLUMNS, [_cells(at, each) for at, each in enumerate(self)], _NONE)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show the table in a notebook; texts are escaped."""
        rows = [list(map(html.escape, _cells(at, each))) for at, each in enumerate(self)]
        return {"text/plain": repr(self), "text/html": html_table(_COLUMNS, rows, _NONE)}


def _cells(at: int, entry: Queued) -> list[str]:
    state = "waits" if entry.reason is None else f"refused: {plain_name(entry.reason, 80)}"
    since = entry.since[:16].replace("T", " ")
    return [str(at), since, _WORDS[entry.kind], plain_name(entry.text, 60), state]
