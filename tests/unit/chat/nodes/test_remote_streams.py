"""Answers of other nodes: the readers here get each character once, up to the stored text."""

from __future__ import annotations

import msgspec
from hypothesis import given, strategies as st

from conduit_widget.chat.history.store import StoredStream
from conduit_widget.chat.nodes.remote_streams import RemoteStreams
from conduit_widget.types import ChatMessage, OpenStream, StreamMetadata

TEXT = "The quick brown fox jumps."


def metadata(offset: int, *, done: bool = False) -> StreamMetadata:
    """A delta's metadata, a token a character."""
    return StreamMetadata(message_id="a", seq=2, index=offset, count=1, offset=offset, done=done)


def final(text: str = TEXT) -> ChatMessage:
    """The stored answer."""
    return ChatMessage(id="a", role="assistant", content=text, metadata={"finishReason": "stop"})


@given(st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, 6), st.booleans())))
def test_deltas_add_up_to_stored_text_when_some_are_lost(steps: list[tuple[int, int, bool]]) -> None:
    """Whatever deltas and whole texts come, what is relayed continues without a hole up to the final text."""
    streams = RemoteStreams()
    streams.open("a", 2)
    got = ""
    for offset, length, whole in steps:
        if whole:
            text = TEXT[: offset + length]
            relay = streams.whole(OpenStream(message_id="a", seq=2, text=text, index=len(text)))
        else:
            relay = streams.token(TEXT[offset : offset + length], metadata(offset))
        if relay is not None:
            assert relay.metadata.offset == len(got)
            got += relay.text
    last = streams.finish(final())
    assert last is not None
    assert last.metadata.done
    assert got + last.text == TEXT


def test_whole_text_is_asked_for_when_a_delta_leaves_a_hole() -> None:
    """A hole is noticed, and asked about once in a moment."""
    streams = RemoteStreams()
    streams.open("a", 2)
    assert streams.token("fox", metadata(16)) is None
    assert streams.wants_text(metadata(16), 0.0)
    assert not streams.wants_text(metadata(16), 0.1)


def test_shorter_final_text_replaces_when_writer_was_taken_for_dead() -> None:
    """Where less was stored than sent, there is no last delta, and later ones are dropped."""
    streams = RemoteStreams()
    streams.open("a", 2)
    streams.token(TEXT, metadata(0))
    assert streams.finish(final("The")) is None
    assert streams.token("more", metadata(len(TEXT))) is None
    streams.forget("a")
    assert streams.token("more", metadata(len(TEXT))) is None


def test_first_answer_is_listed_though_nothing_was_heard_of_it() -> None:
    """The answer whose turn it is counts as begun: who heard more of it elsewhere must know."""
    streams = RemoteStreams()
    streams.open("b", 4)
    streams.open("a", 2)
    assert [(stream.message_id, stream.text) for stream in streams.streams(with_first=True)] == [("a", "")]
    assert streams.streams(with_first=False) == []


def test_checkpoint_alone_is_not_heard() -> None:
    """Who came later has the checkpoint; what was heard begins with the first delta from its writer."""
    streams = RemoteStreams()
    streams.restore(StoredStream(conversation_id="c", message_id="a", seq=2, text="The ", index=4))
    streams.open("b", 4)
    assert [streams.text_heard(id_) for id_ in ("a", "b", "unknown")] == [None, "", None]
    streams.token("quick", metadata(4))
    assert streams.text_heard("a") == "The quick"


@given(st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, 6), st.booleans())))
def test_reasoning_adds_up_when_some_is_lost(steps: list[tuple[int, int, bool]]) -> None:
    """What is relayed of it continues without a hole, and never counts as text."""
    streams = RemoteStreams()
    streams.open("a", 2)
    got = ""
    for offset, length, whole in steps:
        if whole:
            open_stream = OpenStream(
                message_id="a", seq=2, text="", index=0, reasoning=TEXT[: offset + length]
            )
            relay = streams.whole_reasoning(open_stream)
        else:
            thought = msgspec.structs.replace(metadata(offset), kind="reasoning")
            relay = streams.token(TEXT[offset : offset + length], thought)
            assert streams.wants_text(thought, 0.0) <= (offset > len(got))
        if relay is not None:
            assert (relay.metadata.offset, relay.metadata.kind) == (len(got), "reasoning")
            got += relay.text
    (stream,) = streams.streams(with_first=True)
    assert (stream.text, stream.reasoning) == ("", got)
    assert TEXT.startswith(got)
