"""How context travels in a message: the model reads it, people see what was written."""

from __future__ import annotations

from conduit_widget.context.carrying import context_line, context_texts, reworded, with_context, words_of
from conduit_widget.context.described import Described
from conduit_widget.types import ChatMessage, ImagePart

FRAME = Described(
    name="df", kind="table", title="DataFrame, 1 row × 1 column", text="a\n1", masked=("token",)
)
PLOT = Described(name="fig", kind="plot", title="plot", image="data:image/png;base64,AA==")
CODE = Described(name="In[1]", kind="code", title="code of cell 1", text="x = '```'")
BROKEN = Described(name="x", problem="It could not be described.")


def message() -> ChatMessage:
    """A question with context of each kind."""
    asked = ChatMessage(id="1", role="user", content="Why?", metadata={"respond": True})
    return with_context(asked, [FRAME, PLOT, CODE, BROKEN])


def test_model_reads_all_of_it() -> None:
    """The words first, then each under its name, its picture after it."""
    parts = message().content
    assert isinstance(parts, list)
    assert isinstance(parts[3], ImagePart)
    assert message().text == (
        "Why?\n\n@df: DataFrame, 1 row × 1 column\n```text\na\n1\n```\n\n@fig: plot\n\n"
        "@In[1]: code of cell 1\n````python\nx = '```'\n````"
    )


def test_people_see_what_was_written() -> None:
    """And a line of what went along."""
    assert words_of(message()) == "Why?"
    assert len(context_texts(message())) == 3
    assert context_line(message()).startswith("With @df (DataFrame, 1 row × 1 column), @fig (plot), @In[1]")
    assert message().metadata["context"][0] == {
        "name": "df",
        "kind": "table",
        "title": "DataFrame, 1 row × 1 column",
        "masked": ["token"],
    }
    assert message().metadata["respond"] is True


def test_other_words_keep_the_context() -> None:
    """An edit changes what was written, not what it was about."""
    edited = reworded(message(), "How?")
    assert isinstance(edited, list)
    assert edited[1:] == message().content[1:]
    assert reworded(None, "How?") == "How?"
    assert reworded(ChatMessage(id="2", role="user", content="Why?"), "How?") == "How?"


def test_message_without_context_is_as_it_was() -> None:
    """Also where a peer says something odd of it."""
    plain = ChatMessage(id="1", role="user", content="Why?", metadata={"context": "odd"})
    assert with_context(plain, [BROKEN]) is plain
    assert (words_of(plain), context_texts(plain), context_line(plain)) == ("Why?", [], "")
