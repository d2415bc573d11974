"""What makes a streamed answer text, and what makes it whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers.openai.chunk_stream import ChunkStream
from conduit_widget.providers.provider import Chunk, Usage


def stream() -> ChunkStream:
    """A fresh answer."""
    return ChunkStream("acme", "asked", key_hint="Set ACME_KEY")


def event(text: str | None = None, finish: str | None = None, **fields: Any) -> bytes:
    """One payload as providers send it."""
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}
    return json.dumps({"id": "x", "model": "real", "choices": [choice], **fields}).encode()


def test_answer_is_whole_when_a_finish_reason_comes() -> None:
    """Text, the provider's model name, finish reason and usage arrive as they were said."""
    answer = stream()
    assert answer.decode(event("Hé")) == Chunk("Hé", "real")
    assert answer.decode(event("llo 🌍")) == Chunk("llo 🌍", "real")
    assert answer.decode(event(None, "length")) is None
    answer.decode(json.dumps({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}).encode())
    assert not answer.ended
    assert answer.last_chunk() == Chunk("", "real", "length", Usage(3, 2))


def test_answer_is_whole_when_only_done_comes() -> None:
    """Some servers end with ``[DONE]`` and no reason: that is a stop."""
    answer = stream()
    answer.decode(event("a"))
    answer.decode(b"[DONE]")
    assert answer.ended
    assert answer.last_chunk().finish_reason == "stop"


def test_answer_is_truncated_when_it_just_ends() -> None:
    """Without a reason and without ``[DONE]`` the answer is not passed off as complete."""
    answer = stream()
    answer.decode(event("half a sent"))
    with pytest.raises(ProviderError) as caught:
        answer.last_chunk()
    assert caught.value.code == "truncated"


def test_role_alone_is_not_a_first_token() -> None:
    """The first-token clock stops for text or thinking, not for an empty delta."""
    answer = stream()
    answer.decode(event(""))
    assert not answer.began
    answer.decode(json.dumps({"choices": [{"delta": {"reasoning_content": "hm"}}]}).encode())
    assert answer.began


@pytest.mark.parametrize("payload", [b"{", b'{"choices": [', b"{\xff}", b'{"a": 1}}'])
def test_garbage_is_an_error_that_shows_none_of_it(payload: bytes) -> None:
    """An unreadable event ends the answer with one clear line."""
    with pytest.raises(ProviderError) as caught:
        stream().decode(payload)
    assert caught.value.code == "malformed"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": 429, "message": "slow down sk-1"}, "rate_limit"),
        ({"type": "exceed_context_size_error", "code": 400, "message": "too long"}, "server_error"),
        ("boom", "server_error"),
        ({"code": "model_not_found"}, "model_not_found"),
    ],
)
def test_error_event_becomes_the_same_error_as_a_refusal(error: Any, expected: str) -> None:
    """Errors inside the stream are mapped like HTTP ones."""
    with pytest.raises(ProviderError) as caught:
        stream().decode(json.dumps({"error": error}).encode())
    assert caught.value.type == expected
    assert "sk-1" not in str(caught.value)
