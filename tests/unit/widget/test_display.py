"""Fallbacks where no widget can live."""

from __future__ import annotations

from conduit_widget.types import Author, ChatMessage, MessageError
from conduit_widget.widget.display import MAX_SHOWN, WIDGET_VIEW, mimebundle, transcript_html


def said(content: str, name: str = "Ann") -> ChatMessage:
    """A person's message."""
    return ChatMessage(
        id=content[:9], role="user", content=content, author=Author(user_id="a", user_name=name)
    )


def test_bundle_has_the_view_a_readable_transcript_and_a_stable_text() -> None:
    """Every front-end finds something it can show; the text is the same in every run."""
    bundle = mimebundle("team", "model-1", [said("hello")])
    assert bundle["text/plain"] == "Chat('team')"
    assert bundle[WIDGET_VIEW]["model_id"] == "model-1"
    assert "<strong>Ann:</strong> hello" in bundle["text/html"]


def test_everything_people_wrote_is_escaped() -> None:
    """Neither a message, nor a name, nor a conversation id becomes markup."""
    attack = "<img src=x onerror=alert(1)>\"'"
    html = transcript_html(attack, [said(attack, attack)])
    assert "<img" not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;") == 3


def test_answers_show_their_model_and_failures_their_reason() -> None:
    """A reader of the saved notebook sees who answered, and why not."""
    answer = ChatMessage(id="1", role="assistant", content="42", metadata={"model": "smol"})
    error = MessageError(type="server_error", recoverable=True, message="no answer")
    failed = ChatMessage(id="2", role="assistant", content="", error=error)
    html = transcript_html("c", [answer, failed])
    assert "<strong>smol:</strong> 42" in html
    assert "<strong>Assistant:</strong> no answer" in html


def test_long_transcript_shows_its_newest_part() -> None:
    """A saved notebook does not grow without bound."""
    html = transcript_html("c", [said(f"message {n}.") for n in range(MAX_SHOWN + 5)])
    assert "message 4." not in html
    assert f"message {MAX_SHOWN + 4}." in html
