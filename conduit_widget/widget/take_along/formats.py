"""The formats of an export.

JSON is ours and versioned: ``{"format": "conduit-chat", "version": 1, "conversation": {"id", "title"},
"exportedAt", "messages": [ChatMessage, …]}``, the messages as they travel, oldest first. No format holds a
token or an address of a hub.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, Final, Literal

from conduit_widget.errors import ValidationError
from conduit_widget.text.markup import answer_html, text_html
from conduit_widget.text.plain_text import plain_name, writable
from conduit_widget.types import ChatMessage
from conduit_widget.widget.take_along.taken import Taken, body_of, writer_of, written_at

Format = Literal["markdown", "json", "html", "ipynb"]

FORMAT_NAME: Final = "conduit-chat"
FORMAT_VERSION: Final = 1

_SUFFIXES: Final[dict[str, Format]] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".json": "json",
    ".html": "html",
    ".htm": "html",
    ".ipynb": "ipynb",
}
_FILE_SUFFIX: Final[dict[Format, str]] = {"markdown": "md", "json": "json", "html": "html", "ipynb": "ipynb"}
_FENCE: Final = re.compile(
    r"^(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^\n`]*\n(.*?)^\1[`~]*[ \t]*$\n?", re.MULTILINE | re.DOTALL
)
_PYTHON: Final = frozenset({"python", "py", "python3", "ipython"})
_NOT_IN_A_NAME: Final = re.compile(r"[^\w.-]+")
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE: Final = """
:root { color-scheme: light dark; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.55 system-ui, sans-serif; }
header { border-bottom: 1px solid #8884; margin-bottom: 1.5rem; }
article { margin: 0 0 1.25rem; padding: .75rem 1rem; border: 1px solid #8883; border-radius: 10px; }
article.user { background: #8881; }
article h2 { font-size: .9rem; margin: 0 0 .4rem; display: flex; gap: .75rem; align-items: baseline; }
article time { font-weight: 400; opacity: .7; }
pre { overflow-x: auto; padding: .75rem; border-radius: 8px; background: #8882; }
code { font-family: ui-monospace, monospace; font-size: .92em; }
table { border-collapse: collapse; } td, th { border: 1px solid #8886; padding: .25rem .6rem; }
"""


def format_of(path: str | PurePath, wanted: str | None = None) -> Format:
    """Return the format that is named, or the one of a file's suffix.

    Raises:
        ValidationError: there is no such format.

    """
    if wanted is not None:
        known = next((each for each in WRITERS if each == wanted), None)
    else:
        known = _SUFFIXES.get(PurePath(path).suffix.lower())
    if known is None:
        raise ValidationError("format", "must be one of .md, .json, .html or .ipynb")
    return known


def exported(taken: Taken, wanted: Format) -> str:
    """Return the text of an export."""
    return WRITERS[wanted](taken)


def file_name(taken: Taken, wanted: Format) -> str:
    """Return a name for the file, safe on every system."""
    name = _NOT_IN_A_NAME.sub("-", taken.title).strip("-.")[:80] or "chat"
    return f"{name}.{_FILE_SUFFIX[wanted]}"


def as_markdown(taken: Taken) -> str:
    """Return Markdown: what models wrote as it is, what people wrote as they typed it."""
    parts = [f"# {_plain_title(taken)}", f"*Exported {taken.exported_at[:10]}*"]
    for message in taken.messages:
        name, when = writer_of(message), written_at(message)
        parts.append(f"## {_markdown_plain(name)}" + (f" · {when}" if when else ""))
        body = body_of(message)
        parts.append(body if message.role == "assistant" else _as_typed(body))
    return "\n\n".join(parts) + "\n"


def as_json(taken: Taken) -> str:
    """Return our own format, which can be read back."""
    document = {
        "format": FORMAT_NAME,
        "version": FORMAT_VERSION,
        "exportedAt": taken.exported_at,
        "conversation": {"id": taken.conversation_id, "title": taken.title},
        "messages": [message.to_wire() for message in taken.messages],
    }
    return writable(json.dumps(document, ensure_ascii=False, indent=1)) + "\n"


def as_html(taken: Taken) -> str:
    """Return a page that stands alone: styled, escaped, without any script, and it loads nothing."""
    title = html.escape(_plain_title(taken))
    articles = "\n".join(_article(message) for message in taken.messages)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<header><h1>{title}</h1><p>Exported {html.escape(taken.exported_at[:10])}</p></header>\n"
        f"<main>\n{articles}\n</main>\n</body>\n</html>\n"
    )


def as_notebook(taken: Taken) -> str:
    """Return a notebook: messages as Markdown cells, Python code of answers as code cells not run yet."""
    cells = [_cell("markdown", f"# {_markdown_plain(_plain_title(taken))}")]
    for message in taken.messages:
        head = f"**{_markdown_plain(writer_of(message))}**"
        if message.role != "assistant":
            cells.append(_cell("markdown", f"{head}\n\n{_as_typed(body_of(message))}"))
            continue
        for kind, text in _pieces(body_of(message)):
            is_first = kind == "markdown" and head
            cells.append(_cell(kind, f"{head}\n\n{text}" if is_first else text))
            head = "" if is_first else head
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    document = {
        "cells": [{**cell, "id": f"conduit-{number}"} for number, cell in enumerate(cells)],
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return writable(json.dumps(document, ensure_ascii=False, indent=1)) + "\n"


WRITERS: Final[dict[Format, Callable[[Taken], str]]] = {
    "markdown": as_markdown,
    "json": as_json,
    "html": as_html,
    "ipynb": as_notebook,
}


def _plain_title(taken: Taken) -> str:
    return plain_name(taken.title, 200) or "Chat"


def _article(message: ChatMessage) -> str:
    body = body_of(message)
    shown = answer_html(body) if message.role == "assistant" else text_html(body)
    kind = "assistant" if message.role == "assistant" else "user"
    when = html.escape(written_at(message))
    return (
        f'<article class="{kind}"><h2><bdi>{html.escape(writer_of(message))}</bdi>'
        f"<time>{when}</time></h2>{shown}</article>"
    )


def _markdown_plain(text: str) -> str:
    """Return a name as Markdown shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]<>()#+\-.!|~$&])", r"\\\1", text)


def _as_typed(text: str) -> str:
    """Return a person's text so that Markdown shows it as typed: in a block of code longer than any in it."""
    if not re.search(r"[\\`*_\[\]<>#|~$&]|^\s|^[-+=]|^\d+[.)]|\n", text):
        return text
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _pieces(text: str) -> list[tuple[str, str]]:
    """Return an answer's prose and its Python code, in order."""
    pieces: list[tuple[str, str]] = []
    at = 0
    for found in _FENCE.finditer(text):
        if found[2].lower() not in _PYTHON:
            continue
        prose = text[at : found.start()].strip()
        if prose:
            pieces.append(("markdown", prose))
        pieces.append(("code", found[3].rstrip("\n")))
        at = found.end()
    rest = text[at:].strip()
    return [*pieces, ("markdown", rest)] if rest or not pieces else pieces


def _cell(kind: str, text: str) -> dict[str, Any]:
    lines = text.splitlines(keepends=True)
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": lines}
    return {**cell, "execution_count": None, "outputs": []} if kind == "code" else cell
