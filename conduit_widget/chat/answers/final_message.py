"""The message that an answer becomes when it has ended."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from conduit_widget.chat.answers.answer_end import AnswerEnd
from conduit_widget.chat.answers.answer_stream import AnswerStream
from conduit_widget.chat.answers.speed import milliseconds
from conduit_widget.providers.limits.prices import Price
from conduit_widget.providers.provider import Usage
from conduit_widget.types import ChatMessage, SegmentOutcome

_UNFINISHED: Final = frozenset({"cancelled", "interrupted", "error"})


def final_message(
    placeholder: ChatMessage,
    stream: AnswerStream,
    end: AnswerEnd,
    now: float,
    price: Price | None = None,
    *,
    messages_read: int | None = None,
) -> ChatMessage:
    """Return the answer with its text, how it ended and what was measured, at ``now`` of the loop's clock.

    ``price`` is that of who answered; the cost is left out where the counts are not of the whole answer.
    ``messages_read``: how many messages the model read, where older ones did not fit into its context.
    """
    found = {
        "providerFinishReason": end.provider_reason,
        "notice": end.notice,
        "messagesRead": messages_read,
        "reasoning": stream.reasoning.whole or None,
        "segments": _segments(stream, end) or None,
        "toolCalls": msgspec.to_builtins(list(stream.tool_calls)) or None,
        **_measured(stream, now),
        "cost": _cost(stream, price),
    }
    return ChatMessage(
        id=placeholder.id,
        role="assistant",
        content=stream.text.whole,
        parent_id=placeholder.parent_id,
        metadata={
            **placeholder.metadata,
            "status": end.reason if end.reason in _UNFINISHED else "complete",
            "finishReason": end.reason,
            **{key: value for key, value in found.items() if value is not None},
        },
        error=end.error,
    )


def _segments(stream: AnswerStream, end: AnswerEnd) -> list[dict[str, Any]]:
    """Return which provider wrote what, where more than one was asked."""
    outcome: SegmentOutcome = "cancelled" if end.reason in {"cancelled", "interrupted"} else "complete"
    if end.error is not None:
        outcome = "failed"
    reason = None if end.error is None else end.error.code or end.error.type
    return [segment.to_wire() for segment in stream.all_segments(outcome, reason)]


def _cost(stream: AnswerStream, price: Price | None) -> dict[str, Any] | None:
    speed = stream.speed
    cost = None if price is None else price.of(Usage(speed.prompt_tokens, speed.reported_tokens))
    return None if cost is None else cost.to_wire()


def _measured(stream: AnswerStream, now: float) -> dict[str, Any]:
    speed = stream.speed
    metrics = speed.metrics()
    flush = None if stream.flush_times is None else stream.flush_times.mean
    prompt, completion = speed.prompt_tokens, speed.reported_tokens
    return {
        "model": stream.model or None,
        "provider": stream.provider or None,
        "promptTokens": metrics.prompt_tokens,
        "completionTokens": metrics.completion_tokens,
        "tokensUsed": None if prompt is None or completion is None else prompt + completion,
        "tokensEstimated": True if not completion and metrics.completion_tokens else None,
        "tokensPerSecond": metrics.tokens_per_second,
        "timeToFirstToken": metrics.time_to_first_token,
        "reasoningTime": speed.reasoning_time(ended=True),
        "flushTime": None if flush is None else milliseconds(flush),
        "latency": milliseconds(speed.elapsed(now)) if stream.provider else None,
    }
