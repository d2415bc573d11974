"""What is known of a message beside its text: its place in the log, how its answer came about, its cost."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from conduit_widget.types.conversations import Imported, Pinned
from conduit_widget.types.wire import Wire

FinishReason = Literal["stop", "length", "cancelled", "interrupted", "error"]
MessageStatus = Literal["queued", "streaming", "complete", "cancelled", "interrupted", "error"]
SegmentOutcome = Literal["complete", "failed", "cancelled"]


class Segment(Wire, frozen=True, kw_only=True, omit_defaults=False, rename={"start": "from", "end": "to"}):
    """What one of several providers wrote of an answer: the code points from ``start`` to ``end``.

    The two are equal where it wrote nothing. ``outcome`` says how its part ended, ``reason`` by what error.
    """

    provider: str
    model: str
    start: int
    end: int
    outcome: SegmentOutcome
    reason: str | None = None


class Cost(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """What an answer cost; ``currency`` as in ISO 4217."""

    amount: float
    currency: str


class HubMetadata(TypedDict, total=False):
    """Keys of a message's ``metadata`` that only the hub writes; a client's are dropped.

    Times are ISO 8601 UTC, durations in ms, rates in tokens per second. ``segments`` is there when more than
    one provider was asked, in the order asked; ``model`` and ``provider`` then name the last of them.
    ``messagesRead`` is there when older messages did not fit into the model's context.
    """

    conversationId: str
    seq: int
    eventSeq: int
    timestamp: str
    updatedAt: str
    version: int
    editedAt: str
    editOf: str
    deletedAt: str
    deletedBy: str
    reactions: dict[str, list[str]]
    pinned: Pinned
    imported: Imported
    status: MessageStatus
    finishReason: FinishReason | None
    providerFinishReason: str | None
    promptTokens: int | None
    messagesRead: int
    completionTokens: int | None
    tokensUsed: int | None
    tokensEstimated: bool
    tokensPerSecond: float | None
    timeToFirstToken: float | None
    flushTime: float | None
    latency: float | None
    reasoning: str
    reasoningTime: float | None
    notice: str
    unstored: str
    cost: Cost
    segments: list[Segment]
    toolCalls: list[dict[str, Any]]


class MessageMetadata(HubMetadata, total=False):
    """What is known of a message beside its text; other keys pass through as their sender wrote them.

    Of a question ``model`` and ``provider`` are what its author asked for, of an answer what wrote its end.
    ``failover``: another may answer, by default unless ``provider`` is named; ``contextStart``: anew here.
    ``context`` names what the parts of the content after the first tell of: see ``context/carrying.py``.
    """

    model: str | None
    provider: str | None
    failover: bool
    respond: bool
    replyTo: str
    mentions: list[str]
    context: list[dict[str, Any]]
    parameters: dict[str, Any]
