"""Hits of a search and lists of conversations as tables: of text at a prompt, of HTML in a notebook."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

from conduit_widget.contract import MAX_UNREAD
from conduit_widget.text.plain_text import plain_name
from conduit_widget.types import ConversationInfo, SearchHit

_Chat = TypeVar("_Chat")

_CELL: Final = "text-align:left;vertical-align:top;padding:3px 14px 3px 0"
_CELL_CHARS: Final = 200
_NONE_YET: Final = "No conversations yet."


class FoundMessages(tuple[SearchHit, ...]):
    """The hits of a search, newest first; each has ``message``, ``snippet``, ``conversation_id``."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the table as text."""
        return text_table(("When", "Who", "Text"), [_hit_cells(hit) for hit in self], "Nothing was found.")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show the hits in a notebook, what was found marked."""
        rows = [[*map(html.escape, _hit_cells(hit)[:2]), _marked(hit)] for hit in self]
        return {
            "text/plain": repr(self),
            "text/html": html_table(("When", "Who", "Text"), rows, "Nothing was found."),
        }


class ConversationEntry(Generic[_Chat]):
    """One conversation of a list: :attr:`info` is what the hub tells of it, :meth:`open` shows it."""

    __slots__ = ("_open", "info")

    def __init__(self, info: ConversationInfo, open_: Callable[[str], _Chat]) -> None:
        self.info = info
        self._open = open_

    def open(self) -> _Chat:
        """Return a chat of this conversation."""
        return self._open(self.info.conversation_id)

    def __repr__(self) -> str:
        """Return the conversation in a short line."""
        title, _, unread, *_ = _conversation_cells(self)
        return f"<{title}{f', {unread} unread' if unread else ''}>"


class ConversationTable(tuple[ConversationEntry[_Chat], ...], Generic[_Chat]):
    """One's conversations, newest activity first; shown as a table.

    ::

        mine = conduit_widget.conversations()
        mine[0].open()
    """

    __slots__ = ()
    _COLUMNS: Final = ("Conversation", "Role", "Unread", "Last message")

    def open(self, conversation_id: str) -> _Chat:
        """Return a chat of the conversation with that id, or else that title.

        Raises:
            KeyError: none of the list has it.

        """
        for key in ("conversation_id", "title"):
            for entry in self:
                if getattr(entry.info, key) == conversation_id:
                    return entry.open()
        raise KeyError(conversation_id)

    def __repr__(self) -> str:
        """Return the table as text."""
        return text_table(self._COLUMNS, [_conversation_cells(each) for each in self], _NONE_YET)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show the table in a notebook; titles and previews are escaped."""
        rows = [list(map(html.escape, _conversation_cells(each))) for each in self]
        return {
            "text/plain": repr(self),
            "text/html": html_table(self._COLUMNS, rows, _NONE_YET),
        }


def _conversation_cells(entry: ConversationEntry[Any]) -> list[str]:
    info, last = entry.info, entry.info.last_message
    unread = f"{MAX_UNREAD - 1}+" if info.unread >= MAX_UNREAD else str(info.unread or "")
    said = (
        ""
        if last is None
        else ": ".join(filter(None, (plain_name(last.author, 40), plain_name(last.preview, 80))))
    )
    title = plain_name(info.title or info.conversation_id, 60) or "(no title)"
    return [f"{title}{' (pinned)' if info.pinned else ''}", info.role, unread, said]


def _hit_cells(hit: SearchHit) -> list[str]:
    metadata = hit.message.get("metadata") or {}
    author = hit.message.get("author") or {}
    name = author.get("userName") or metadata.get("model") or hit.message.get("role")
    when = str(metadata.get("timestamp", ""))[:16].replace("T", " ")
    return [when, plain_name(str(name), 40), plain_name(hit.snippet, _CELL_CHARS)]


def _marked(hit: SearchHit) -> str:
    parts, at = [], 0
    for start, end in hit.ranges:
        parts.append(html.escape(plain_name(f"|{hit.snippet[at:start]}|", _CELL_CHARS)[1:-1]))
        parts.append(f"<mark>{html.escape(plain_name(hit.snippet[start:end], _CELL_CHARS))}</mark>")
        at = end
    return "".join(parts) + html.escape(plain_name(f"|{hit.snippet[at:]}|", _CELL_CHARS)[1:-1])


def text_table(columns: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> str:
    """Return a table as text, or what is said instead of an empty one."""
    if not rows:
        return empty
    table = [columns, *rows]
    widths = [max(len(row[at]) for row in table) for at in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )


def html_table(columns: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> str:
    """Return a table as HTML; the cells are HTML already."""
    if not rows:
        return f"<p>{empty}</p>"
    head = "".join(f'<th scope="col" style="{_CELL}">{name}</th>' for name in columns)
    body = "".join(
        "<tr>" + "".join(f'<td dir="auto" style="{_CELL}">{cell}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return (
        f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )
