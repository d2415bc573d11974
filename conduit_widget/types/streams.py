"""Answers while they are written."""

from __future__ import annotations

from typing import Literal

from conduit_widget.types.metadata import FinishReason, Segment
from conduit_widget.types.wire import Wire

StreamKind = Literal["reasoning"]


class StreamMetrics(Wire, frozen=True, kw_only=True):
    """Speed of a generation: times in ms, rates in tokens per second, counts in tokens."""

    time_to_first_token: float | None = None
    tokens_per_second: float | None = None
    inter_token_latency: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_time: float | None = None


class StreamMetadata(Wire, frozen=True, kw_only=True):
    """What travels beside the tokens of one ``StreamToken`` event.

    ``seq`` is the log position of the answer's ``ReceiveMessage``; ``index`` the ordinal of the first token
    in this delta, ``count`` how many it carries, ``offset`` the code points of text before it. ``kind``
    ``reasoning`` marks what the model thinks before it answers: it has index and offset of its own.
    """

    message_id: str
    seq: int
    index: int
    count: int
    offset: int
    model: str = ""
    provider: str = ""
    done: bool = False
    finish_reason: FinishReason | None = None
    metrics: StreamMetrics | None = None
    kind: StreamKind | None = None


class OpenStream(Wire, frozen=True, kw_only=True):
    """An answer still being written, with text and reasoning so far (``index``: tokens of text so far).

    ``segments`` are the parts of providers that have failed; ``provider`` writes what follows.
    """

    message_id: str
    seq: int
    text: str
    index: int
    model: str = ""
    provider: str = ""
    metrics: StreamMetrics | None = None
    reasoning: str = ""
    segments: list[Segment] = []
