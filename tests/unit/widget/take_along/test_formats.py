"""Exports: whole, readable, valid in their formats, and unable to act."""

from __future__ import annotations

import itertools
import json
import re
from html.parser import HTMLParser
from typing import Any

import nbformat
import pytest
from markdown_it import MarkdownIt

from conduit_widget.errors import ValidationError
from conduit_widget.types import Author, ChatMessage
from conduit_widget.widget.take_along.formats import WRITERS, exported, file_name, format_of
from conduit_widget.widget.take_along.taken import Taken

EVIL = (
    "<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1)) ![p](https://evil/p.png)"
)
CODE = "Look:\n\n```python\nprint('hi')\n\nx = 1\n```\n\nand\n\n```sh\nls\n```\n"


def message(id_: str, role: Any, text: str, **metadata: Any) -> ChatMessage:
    """A message at a time."""
    author = Author(user_id="ann", user_name="Ann *the* [Great]") if role == "user" else None
    stamp = {"timestamp": "2026-01-02T03:04:05.000Z", "seq": 1, **metadata}
    return ChatMessage(id=id_, role=role, content=text, author=author, metadata=stamp)


def taken(*messages: ChatMessage, title: str = "Plans & <b>more</b>") -> Taken:
    """A conversation to take along."""
    return Taken(conversation_id="c", title=title, exported_at="2026-02-03T04:05:06.000Z", messages=messages)


class _Acting(HTMLParser):
    """Collects what could act or load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what is not plain."""
        if tag in {"script", "iframe", "img", "object", "form", "link", "svg", "base"}:
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (name in {"src", "href"} and "script:" in (value or "")):
                self.found.append(f"{tag} {name}")


def test_html_stands_alone_and_cannot_act() -> None:
    """Whatever people and models write: no script, nothing is loaded, every character is shown."""
    text = exported(taken(message("q", "user", EVIL), message("a", "assistant", EVIL), title=EVIL), "html")
    acting = _Acting()
    acting.feed(text)
    assert acting.found == []
    assert "default-src 'none'" in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2
    assert "2026-01-02 03:04 UTC" in text


def test_markdown_shows_what_people_typed_and_what_models_wrote() -> None:
    """A person's text stays as typed whatever signs it has; an answer is the Markdown it was."""
    typed = "__init__ and a*b*c\n# no heading\n```\ncode\n```"
    text = exported(
        taken(message("q", "user", typed), message("a", "assistant", CODE, model="m")), "markdown"
    )
    tokens = MarkdownIt("commonmark").parse(text)
    assert typed in [token.content.removesuffix("\n") for token in tokens if token.type == "fence"]
    assert [token.content for token in tokens if token.type == "fence"][1] == "print('hi')\n\nx = 1\n"
    headings = [after.content for token, after in itertools.pairwise(tokens) if token.type == "heading_open"]
    assert len(headings) == 3
    assert "no heading" not in "".join(headings)


def test_json_is_whole_and_read_back() -> None:
    """Versioned, every message as it travels, oldest first; odd characters survive a file."""
    messages = [message("q", "user", "hi \ud800\u202e\0"), message("a", "assistant", "yes", reasoning="hm")]
    document = json.loads(exported(taken(*messages), "json").encode())
    assert (document["format"], document["version"]) == ("conduit-chat", 1)
    assert document["conversation"] == {"id": "c", "title": "Plans & <b>more</b>"}
    assert [each["id"] for each in document["messages"]] == ["q", "a"]
    assert ChatMessage.from_wire(document["messages"][1]) == messages[1]


def test_notebook_is_valid_and_has_the_code_as_cells() -> None:
    """Messages are Markdown cells, Python code is in code cells that have not run, other code stays prose."""
    text = exported(taken(message("q", "user", "how?"), message("a", "assistant", CODE, model="m")), "ipynb")
    notebook: Any = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    kinds = [(cell.cell_type, cell.source) for cell in notebook.cells]
    assert [kind for kind, _ in kinds] == ["markdown", "markdown", "markdown", "code", "markdown"]
    assert kinds[3][1] == "print('hi')\n\nx = 1"
    assert kinds[2][1] == "**m**\n\nLook:"
    assert "```sh\nls\n```" in kinds[4][1]
    assert notebook.cells[3].outputs == []


@pytest.mark.parametrize("wanted", list(WRITERS))
def test_failed_cut_and_deleted_messages_say_so(wanted: Any) -> None:
    """Nothing is silently missing, and a deleted text is nowhere."""
    text = exported(
        taken(
            message("a", "assistant", "half", status="interrupted"),
            message("d", "user", "", deletedAt="2026-01-02T03:04:05.000Z"),
        ),
        wanted,
    )
    assert "half" in text
    assert "interrupted" in text
    assert re.search(r"deleted", text)


@pytest.mark.parametrize(
    ("path", "named", "expected"),
    [
        ("a.md", None, "markdown"),
        ("A.HTML", None, "html"),
        ("x.ipynb", None, "ipynb"),
        ("x.txt", "json", "json"),
    ],
)
def test_format_is_the_suffix_unless_it_is_named(path: str, named: str | None, expected: str) -> None:
    """As people expect of a file's name."""
    assert format_of(path, named) == expected


def test_unknown_format_is_refused() -> None:
    """With what there is."""
    for path, named in (("a.docx", None), ("a", None), ("a.md", "pdf")):
        with pytest.raises(ValidationError, match=r"\.md, \.json, \.html or \.ipynb"):
            format_of(path, named)


def test_file_name_is_safe() -> None:
    """Titles make names without folders or signs."""
    assert file_name(taken(title="../../etc/passwd: a?"), "html") == "etc-passwd-a.html"
    assert file_name(taken(title="???"), "markdown") == "chat.md"
