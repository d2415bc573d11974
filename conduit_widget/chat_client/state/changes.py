"""What can change in a conversation, as values."""

from __future__ import annotations

from typing import Literal

import msgspec

from conduit_widget.text.plain_text import shown
from conduit_widget.text.said import Said
from conduit_widget.types import (
    Call,
    CallSignal,
    ChatMessage,
    ConversationSettings,
    Participant,
    ProviderState,
    ProviderStatus,
    StreamKind,
    StreamMetrics,
    Wire,
)

LinkState = Literal["connecting", "live", "reconnecting", "offline", "removed"]
NoticeKind = Literal["failover", "limit", "models", "announcement"]


class ConnectionInfo(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """State of the connection to the hub. ``retry_at`` is in epoch ms; ``message`` is one line for people."""

    state: LinkState = "connecting"
    attempt: int = 0
    retry_at: int | None = None
    message: str | None = None

    def __repr__(self) -> str:
        """Return the state and, where there is one, the reason."""
        return f"<{self.state}: {shown(self.message)}>" if self.message else f"<{self.state}>"


class ProviderInfo(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """The provider and model that answer, and their state."""

    provider: str
    model: str
    state: ProviderState
    reason: str = ""


class ProviderFigures(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """A provider's status and its newest times to the first token (the median in ms, oldest first)."""

    status: ProviderStatus
    latencies: list[float]


class NoticeLine(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """A notice of the hub in a line for people; ``after_seq`` is the conversation's position when it came.

    ``conversation_id`` is the one it concerns, None for all; ``message_id`` is the answer it is about.
    ``said`` is the line sentence by sentence, for views of other languages; None where a person wrote it.
    """

    id: str
    kind: NoticeKind
    text: str
    timestamp: str
    priority: int = 0
    after_seq: int = 0
    conversation_id: str | None = None
    message_id: str | None = None
    said: list[Said] | None = None


class MessageChange(Wire, frozen=True, kw_only=True):
    """A message is new or has a new version; ordered by ``metadata.seq``."""

    message: ChatMessage


class TokenChange(Wire, frozen=True, kw_only=True):
    """Text, or with that ``kind`` reasoning, was added to an open answer; ``offset`` in code points of it."""

    id: str
    offset: int
    text: str
    metrics: StreamMetrics | None = None
    kind: StreamKind | None = None


class StreamEndChange(Wire, frozen=True, kw_only=True):
    """An answer is over; its final text comes as a message."""

    id: str


class ParticipantsChange(Wire, frozen=True, kw_only=True):
    """The list of participants changed; it is whole."""

    participants: list[Participant]


class TypingChange(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """The list of those who are typing changed; oneself is never in it."""

    user_ids: list[str]


class ReadMarksChange(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """Somebody has read further; ``marks`` is whole: the position of each user's newest read message."""

    marks: dict[str, int]


class ConversationChange(Wire, frozen=True, kw_only=True):
    """The conversation's settings changed, or one's own role in it."""

    conversation: ConversationSettings


class CallChange(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """Somebody came into the conversation's call, left it, or sends something else; None: it is over."""

    call: Call | None


class SignalChange(Wire, frozen=True, kw_only=True):
    """A peer's browser told something to a view here; it is no part of the state."""

    signal: CallSignal


class ProviderChange(Wire, frozen=True, kw_only=True):
    """The provider line changed."""

    provider: ProviderInfo | None


class ProvidersChange(Wire, frozen=True, kw_only=True):
    """What is known of the providers changed; both lists are whole, the newest failover first."""

    providers: list[ProviderFigures]
    failovers: list[NoticeLine]


class NoticeChange(Wire, frozen=True, kw_only=True):
    """The hub told something that concerns everybody in the conversation."""

    notice: NoticeLine


class ConnectionChange(Wire, frozen=True, kw_only=True):
    """The state of the connection to the hub changed."""

    connection: ConnectionInfo


class QueuedItem(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """One thing that waits for the hub, as views show it; ``text`` may be only its beginning.

    ``files`` are the names of those that wait with it; ``reason`` is why the hub refused it; ``attempted`` is
    one that may have arrived already.
    """

    id: str
    kind: Literal["message", "edit", "delete", "react"]
    message_id: str
    text: str = ""
    is_cut: bool = False
    files: list[str] = msgspec.field(default_factory=list)
    emoji: str = ""
    is_on: bool = True
    created: str = ""
    reason: str | None = None
    attempted: bool = False


class Queue(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """What waits for the hub: how much (refused included), the first of it, and what people should know.

    ``as_of`` (epoch ms) is as of when the conversation is shown while the hub is away.
    """

    count: int
    items: list[QueuedItem]
    note: str = ""
    as_of: int | None = None


class QueueChange(Wire, frozen=True, kw_only=True):
    """Something waits for the hub, or waits no more."""

    queue: Queue


class HistoryChange(Wire, frozen=True, kw_only=True):
    """Older messages were loaded; they stand before all others."""

    messages: list[ChatMessage]
    has_more: bool


class PausedChange(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """Whether Python holds the text of answers (``chat.pause()``)."""

    paused: bool


class ResetChange(Wire, frozen=True, kw_only=True):
    """Anything may have changed: read the transcript anew."""


Change = (
    MessageChange
    | TokenChange
    | StreamEndChange
    | ParticipantsChange
    | TypingChange
    | ReadMarksChange
    | ConversationChange
    | CallChange
    | SignalChange
    | ProviderChange
    | ProvidersChange
    | NoticeChange
    | ConnectionChange
    | QueueChange
    | HistoryChange
    | PausedChange
    | ResetChange
)
