"""What an import has brought, as a table at the prompt and in a notebook."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from conduit_widget.text.plain_text import plain_name
from conduit_widget.widget.tables.found_tables import html_table, text_table
from conduit_widget.widget.take_along.bringing import Brought

_Chat = TypeVar("_Chat")


class ImportedEntry(Generic[_Chat]):
    """One conversation of a file: :attr:`info` says what became of it, :meth:`open` shows it."""

    __slots__ = ("_open", "info")

    def __init__(self, info: Brought, open_: Callable[[str], _Chat]) -> None:
        self.info = info
        self._open = open_

    def open(self) -> _Chat:
        """Return a chat of this conversation.

        Raises:
            KeyError: it could not be brought in.

        """
        if self.info.conversation_id is None:
            raise KeyError(self.info.problem)
        return self._open(self.info.conversation_id)

    def __repr__(self) -> str:
        """Return the conversation in a short line."""
        title, _, note = _cells(self)
        return f"<{title}: {note}>"


class ImportedTable(tuple[ImportedEntry[_Chat], ...], Generic[_Chat]):
    """The conversations of a file, the one said last first; shown as a table."""

    __slots__ = ()
    _COLUMNS: Final = ("Conversation", "Messages", "Import")

    def __repr__(self) -> str:
        """Return the table as text."""
        return text_table(self._COLUMNS, [_cells(each) for each in self], "No conversation.")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show the table in a notebook; titles are escaped."""
        rows = [list(map(html.escape, _cells(each))) for each in self]
        return {"text/plain": repr(self), "text/html": html_table(self._COLUMNS, rows, "No conversation.")}


def _cells(entry: ImportedEntry[Any]) -> list[str]:
    info = entry.info
    title = plain_name(info.title, 60) or "(no title)"
    if info.problem is not None:
        return [title, "", f"not imported: {plain_name(info.problem, 200)}"]
    return [title, str(info.messages), "was there already" if info.existed else "imported"]
