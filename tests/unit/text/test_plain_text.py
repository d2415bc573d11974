"""Ids and names: what is invisible, or turns the text around, is refused or left out."""

from __future__ import annotations

import json

import pytest

from conduit_widget.text.plain_text import is_plain, is_user_id, json_shown, plain_name, shown, writable

PLAIN = ["ann", "Ann Ä. O'Neil-Smith", "דנה", "علی‌رضا", "山田 太郎", "👩‍💻", "a\u0301", "user:42/x@y"]
NOT_PLAIN = {
    "right-to-left override": "ann\u202egnp.exe",
    "embedding": "\u202bann",
    "isolate": "\u2066ann\u2069",
    "mark": "ann\u200f",
    "arabic mark": "ann\u061c",
    "zero-width space": "an\u200bn",
    "word joiner": "an\u2060n",
    "byte order mark": "\ufeffann",
    "soft hyphen": "an\u00adn",
    "tag": "ann\U000e0041",
    "null": "an\0n",
    "delete": "an\x7fn",
    "line feed": "an\nn",
    "line separator": "an\u2028n",
    "escape": "\x1b[31mann",
    "next line": "an\x85n",
    "surrogate": "an\ud800n",
    "private use": "an\ue000n",
    "hangul filler": "an\u3164n",
    "variation selector of a tag": "an\U000e0100n",
}


@pytest.mark.parametrize("text", PLAIN)
def test_ordinary_name_is_plain_and_kept_when_shown(text: str) -> None:
    """Letters of every script, marks, joiners and emoji stay as they are."""
    assert is_plain(text)
    assert plain_name(text, 128) == text


@pytest.mark.parametrize("name", NOT_PLAIN)
def test_invisible_character_is_found_and_left_out_when_shown(name: str) -> None:
    """Nothing that hides, turns or breaks a line survives in a name."""
    text = NOT_PLAIN[name]
    assert not is_plain(text)
    assert is_plain(plain_name(text, 128))


def test_name_is_one_bounded_line_when_shown() -> None:
    """Spaces collapse, the length is bounded, and nothing is left of a name that was never there."""
    assert plain_name("  Ann \t\n Smith ", 128) == "Ann Smith"
    assert plain_name("x" * 500, 128) == "x" * 128
    assert plain_name("\u202e\u200b\n", 128) == ""


@pytest.mark.parametrize(
    "name", ["\u200d", "\u200c \u200d", "\u2800", "\ufe0f", "\u17b4\u180b", "\u200d" * 500]
)
def test_name_of_which_nothing_is_seen_is_no_name(name: str) -> None:
    """What may stand within a name shows nobody alone: callers show the id."""
    assert plain_name(name, 128) == ""


@pytest.mark.parametrize("name", NOT_PLAIN)
def test_invisible_character_is_seen_in_a_terminal_and_in_json(name: str) -> None:
    """As an escape: nothing moves the cursor, and whoever reads the line sees that there was something."""
    text = writable(NOT_PLAIN[name])
    assert is_plain(shown(text))
    assert shown(text) != text or is_plain(text)
    line = json_shown(json.dumps(text, ensure_ascii=False))
    assert is_plain(line)
    assert json.loads(line) == text


def test_ordinary_text_is_shown_as_it_is() -> None:
    """Of every script."""
    for text in PLAIN:
        assert (shown(text), json_shown(text), writable(text)) == (text, text, text)
    assert shown("a\n\x1b[31m\u202e\U000e0041") == r"a\x0a\x1b[31m\u202e\U000e0041"


@pytest.mark.parametrize("text", PLAIN)
def test_ordinary_name_is_a_user_id(text: str) -> None:
    """With spaces and joiners in it."""
    assert is_user_id(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\u3000\xa0", "\u200d", "\u200c \u200d", "\u2800", "\ufe0f", "x" * 129, "a\u200bb", "\ud800"],
)
def test_text_that_shows_nobody_is_no_user_id(text: str) -> None:
    """Empty, too long, or nothing to be seen."""
    assert not is_user_id(text)
