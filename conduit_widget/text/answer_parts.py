"""What a program wants of an answer: its fenced code and its tables, read as Markdown."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from conduit_widget.text.plain_text import shown

if TYPE_CHECKING:
    from markdown_it.token import Token


class CodeBlock(NamedTuple):
    """One fenced block: the word behind its fence in lower case, empty without one, and the code."""

    language: str
    source: str


def code_blocks(text: str) -> list[CodeBlock]:
    """Return the fenced code of a text, in order; also a block that the text breaks off in.

    >>> code_blocks("Try:\\n```python\\n1 + 1\\n```")
    [CodeBlock(language='python', source='1 + 1\\n')]
    """
    return [
        CodeBlock(_language(token.info), token.content) for token in _tokens(text) if token.type == "fence"
    ]


def tables(text: str) -> list[list[list[str]]]:
    """Return the GFM tables of a text, in order: rows of cells as plain text, the heading first."""
    found: list[list[list[str]]] = []
    is_within = False
    for token in _tokens(text):
        match token.type:
            case "table_open":
                is_within = True
                found.append([])
            case "table_close":
                is_within = False
            case "tr_open":
                found[-1].append([])
            case "inline" if is_within:
                found[-1][-1].append(_plain(token))
    return found


def frame_of(text: str, table: int = 0) -> Any:
    """Return a table of a text as a pandas DataFrame; see ``ChatMessage.to_frame``.

    Raises:
        ValueError: the text has no such table.
        ImportError: pandas is not installed.

    """
    found = tables(text)
    try:
        heading, *rows = found[table]
    except IndexError:
        many = "no table" if not found else "one table" if len(found) == 1 else f"{len(found)} tables"
        raise ValueError(f"The answer has {many}, so there is no number {table}.") from None
    try:
        pandas = importlib.import_module("pandas")
    except ImportError:
        raise ImportError("A table becomes a DataFrame with pandas: `pip install pandas`.") from None
    frame = pandas.DataFrame(rows, columns=heading)
    for place in range(frame.shape[1]):  # by place: two columns may have one name
        frame.isetitem(place, _as_numbers(pandas, frame.iloc[:, place]))
    return frame


def _as_numbers(pandas: Any, column: Any) -> Any:
    try:
        return pandas.to_numeric(column.replace("", None))
    except (ValueError, TypeError):
        return column


def _language(info: str) -> str:
    words = info.split()
    return shown(words[0].strip("{}.").lower()) if words else ""


def _tokens(text: str) -> list[Token]:
    # Needed by who asks only: importing the package stays cheap.
    from markdown_it import MarkdownIt  # noqa: PLC0415

    try:
        return MarkdownIt("commonmark").enable("table").parse(text)
    except RecursionError:  # nested beyond what anybody reads
        return []


def _plain(cell: Token) -> str:
    return "".join(_words(cell.children or [])).strip()


def _words(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in {"softbreak", "hardbreak"}:
            yield " "
        elif token.type == "image":
            yield from _words(token.children or [])
        else:
            yield token.content
