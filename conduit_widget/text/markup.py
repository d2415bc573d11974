"""Static text and HTML of what people and models wrote, for places where no code of ours runs.

Saved notebooks, exports and terminals: no scripts, no remote content, styles inline, everything escaped.
Signs that act instead of showing (terminal escapes, embedded writing directions) are left out.
"""

from __future__ import annotations

import html
import re
from typing import Final

MAX_RENDERED_CHARS: Final = 64 * 1024
"""An answer longer than this is shown as it was written."""

# Controls but line ends and tabs, embedded directions and isolates, halves of surrogate pairs.
_ACTING: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LINE_ENDS: Final = re.compile("\r\n?|[\u2028\u2029]")

_PRE: Final = "white-space:pre-wrap;overflow-wrap:anywhere"


def as_shown(text: str) -> str:
    """Return the text without control characters, its lines ended by line feeds.

    >>> as_shown("a\\x1b[31mb\\r\\nc")
    'a[31mb\\nc'
    """
    return _ACTING.sub("", _LINE_ENDS.sub("\n", text))


def text_html(text: str) -> str:
    """Return the text as HTML that shows every character of it."""
    return f'<div dir="auto" style="{_PRE}">{html.escape(as_shown(text))}</div>'


def answer_html(text: str) -> str:
    """Return a model's Markdown as HTML; HTML in it is shown, not used, and images are links."""
    shown = as_shown(text)
    if len(shown) > MAX_RENDERED_CHARS:
        return text_html(shown)
    # Needed when an answer is shown only: importing the package stays cheap.
    from markdown_it import MarkdownIt  # noqa: PLC0415

    # Raw HTML off, links by markdown-it's list of schemes; images would be fetched when the page is read.
    renderer = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    try:
        rendered: str = renderer.render(shown)
    except RecursionError:
        return text_html(shown)
    return f'<div dir="auto">{rendered}</div>'
