"""Static text and HTML of what people and models wrote."""

from __future__ import annotations

import pytest

from conduit_widget.text.markup import MAX_RENDERED_CHARS, answer_html, as_shown, text_html


def test_text_keeps_every_sign_that_shows() -> None:
    """Indentation, stars, emoji, joiners and right-to-left text stay as they were written."""
    text = "for i in x:\n\tprint(__name__, a*b*c)\n\N{GRINNING FACE} סלאם 👩‍🔬"
    assert as_shown(text) == text
    assert "\tprint(__name__, a*b*c)" in text_html(text)


@pytest.mark.parametrize("sign", ["\x1b", "\x00", "\x7f", "\x9b", "\u202e", "\u2066", "\ud800"])
def test_signs_that_act_are_left_out(sign: str) -> None:
    """Neither a terminal nor a browser is steered by a message."""
    assert as_shown(f"a{sign}b") == "ab"


def test_answer_is_rendered_and_its_html_is_shown_not_used() -> None:
    """Markdown works; tags, scripts, odd schemes and remote images do not."""
    html = answer_html(
        "**bold** <script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n"
        "[go](javascript:alert(1)) ![pixel](https://tracker.example/p.png)\n\n| a |\n| - |\n| 1 |\n"
    )
    assert "<strong>bold</strong>" in html
    assert "<table>" in html
    assert not [tag for tag in ("<script", "<img", 'href="javascript') if tag in html]


@pytest.mark.parametrize("text", [">" * 5000 + "x", "- " * 2000 + "x", "*" * 3000 + "a" + "*" * 3000])
def test_markdown_that_nests_without_end_is_shown_all_the_same(text: str) -> None:
    """Nothing a model writes makes the answer disappear."""
    assert answer_html(text)


def test_very_long_answer_is_shown_as_written() -> None:
    """Rendering has a limit; reading has none."""
    assert "**x**" in answer_html("**x** " * (MAX_RENDERED_CHARS // 6 + 1))
