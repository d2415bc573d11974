"""Fallbacks where no widget can live."""

from __future__ import annotations

from conduit_widget.types import Author, ChatMessage, MessageError
from conduit_widget.widget.chat.display import MAX_SHOWN, MAX_SHOWN_CHARS, saved_bundle


def said(content: str, name: str = "Ann") -> ChatMessage:
    """A person's message."""
    return ChatMessage(
        id=content[:9], role="user", content=content, author=Author(user_id="a", user_name=name)
    )


def test_saved_transcript_is_readable_as_html_and_as_text() -> None:
    """Whoever opens the notebook without kernel, trust or network reads who said what."""
    answer = ChatMessage(id="1", role="assistant", content="42", metadata={"model": "smol"})
    bundle = saved_bundle("team", [said("hello"), answer], "conduit-x")
    assert bundle["text/plain"] == "Chat team\n\nAnn: hello\n\nsmol: 42"
    assert 'class="conduit-transcript conduit-x"' in bundle["text/html"]
    assert ">hello</div>" in bundle["text/html"]
    assert "Ann" in bundle["text/html"]


def test_everything_people_wrote_is_escaped() -> None:
    """Neither a message, nor a name, nor a conversation id becomes markup."""
    attack = "<img src=x onerror=alert(1)>\"'"
    html = saved_bundle(attack, [said(attack, attack)])["text/html"]
    assert "<img" not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;") == 3


def test_signs_that_act_are_left_out() -> None:
    """Terminal escapes, embedded directions and halves of surrogate pairs change nothing around them."""
    bundle = saved_bundle("c\x1b", [said("a\x1b[2Jb\u202ec\u2066\x00\ud800\r\nd", "A\u202en\nn")])
    assert bundle["text/plain"].endswith("\n\nAn n: a[2Jbc\nd")
    assert not {"\x1b", "\u202e", "\u2066", "\x00", "\ud800"} & set(
        bundle["text/plain"] + bundle["text/html"]
    )
    (bundle["text/plain"] + bundle["text/html"]).encode()


def test_answers_show_their_model_and_failures_their_reason() -> None:
    """A reader of the saved notebook sees who answered, and why not."""
    error = MessageError(type="server_error", recoverable=True, message="no answer")
    failed = ChatMessage(id="2", role="assistant", content="", error=error)
    cut = ChatMessage(id="3", role="assistant", content="ha", metadata={"status": "interrupted"})
    assert saved_bundle("c", [failed, cut])["text/plain"].split("\n\n")[1:] == [
        "Assistant: no answer",
        "Assistant: ha",
        "(interrupted)",
    ]


def test_an_answer_that_another_provider_ended_names_both() -> None:
    """The seam is in the saved document, too; a provider that wrote nothing is not, nor is a broken entry."""
    parts = [("a", 0, 2), ("b", 2, 2), ("c", 2, 4)]
    segments = [{"provider": name, "from": start, "to": end} for name, start, end in parts]
    answer = ChatMessage(id="1", role="assistant", content="ha!!", metadata={"segments": [*segments, 5]})
    assert saved_bundle("c", [answer])["text/plain"].endswith("Assistant: ha!!\n\n(written by a, then c)")
    whole = ChatMessage(id="1", role="assistant", content="ha", metadata={"segments": segments[:2]})
    assert saved_bundle("c", [whole])["text/plain"].endswith("Assistant: ha")


def test_an_answer_that_has_not_begun_is_not_an_empty_line() -> None:
    """What waits for its first token is not in the saved document."""
    waiting = ChatMessage(id="1", role="assistant", content="", metadata={"status": "streaming"})
    assert saved_bundle("c", [waiting])["text/plain"] == "Chat c"


def test_long_transcript_shows_its_newest_part_and_says_so() -> None:
    """A saved notebook does not grow without bound, neither by number nor by length."""
    text = saved_bundle("c", [said(f"message {n}.") for n in range(MAX_SHOWN + 5)])["text/plain"]
    assert "message 4." not in text
    assert f"message {MAX_SHOWN + 4}." in text
    assert "5 earlier messages are not shown here." in text
    long = saved_bundle("c", [said("x" * 30_000) for _ in range(9)])
    assert len(long["text/plain"]) < MAX_SHOWN_CHARS + 500


def test_transcript_has_the_newest_branch_and_says_where_there_are_versions() -> None:
    """An answer that was written again is there once; a quiet note says that there is another."""
    question = ChatMessage(id="q", role="user", content="Why?")
    old, new = (
        ChatMessage(id=id_, role="assistant", content=text, parent_id="q")
        for id_, text in (("a", "the old one"), ("b", "the new one"))
    )
    bundle = saved_bundle("c", [question, old, new])
    assert bundle["text/plain"] == "Chat c\n\nUser: Why?\n\nAssistant (2 versions): the new one"
    assert "2 versions</small>" in bundle["text/html"]
    assert "the old one" not in bundle["text/html"]


def test_what_may_not_be_read_any_more_is_not_kept() -> None:
    """Only why is left."""
    bundle = saved_bundle("c", [said("a secret")], withheld="You were removed.")
    assert bundle["text/plain"] == "Chat c\n\nYou were removed."
    assert "a secret" not in bundle["text/html"]
    assert "You were removed." in bundle["text/html"]
