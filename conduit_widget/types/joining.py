"""What a member gets of a conversation: the state on joining, what was missed, receipts, older pages."""

from __future__ import annotations

from typing import Any, Final, Literal

from conduit_widget.text.plain_text import plain_name, shown
from conduit_widget.types.calls import Call
from conduit_widget.types.conversations import ConversationSettings
from conduit_widget.types.streams import OpenStream
from conduit_widget.types.wire import Wire

ParticipantState = Literal["active", "idle", "away"]

_NAME_CHARS: Final = 72


class Participant(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """One person in a conversation, however many connections they hold.

    ``last_read_seq`` is how far they have read. Reserved: ``state`` is always ``active`` so far.
    """

    user_id: str
    user_name: str
    initials: str
    color: str
    state: ParticipantState = "active"
    typing: bool = False
    last_read_seq: int = 0
    avatar_url: str | None = None

    def __repr__(self) -> str:
        """Return who it is and what they do, in one short line."""
        name = plain_name(self.user_name, _NAME_CHARS) or shown(self.user_id)
        return f"<{name}: {'typing' if self.typing else self.state}>"


class ConversationLimits(Wire, frozen=True, kw_only=True):
    """Limits a member can act on: sizes in bytes, rates per second."""

    max_message_bytes: int
    max_history_page: int
    invocations_per_second: float


class LogEvent(Wire, frozen=True, kw_only=True):
    """One committed event of a conversation, in the form it was sent: target and arguments."""

    seq: int
    target: str
    arguments: list[Any]


class JoinResult(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """Snapshot of a conversation at ``seq`` of ``epoch``; live events continue after it without a gap."""

    conversation_id: str
    epoch: str
    seq: int
    participants: list[Participant]
    messages: list[dict[str, Any]]
    streams: list[OpenStream]
    limits: ConversationLimits
    has_more: bool = False
    read_marks: dict[str, int] = {}
    conversation: ConversationSettings | None = None
    call: Call | None = None


class ResumeResult(Wire, frozen=True, kw_only=True):
    """All missed events (``recovered``), or a fresh snapshot; never a part.

    What stands in no log is told whole: ``participants``, ``read_marks``, ``conversation`` and ``call``.
    """

    recovered: bool
    seq: int = 0
    events: list[LogEvent] = []
    streams: list[OpenStream] = []
    participants: list[Participant] = []
    read_marks: dict[str, int] = {}
    conversation: ConversationSettings | None = None
    call: Call | None = None
    join: JoinResult | None = None


class SendReceipt(Wire, frozen=True, kw_only=True):
    """Acknowledgement after commit. ``answer_id`` is set when the model will answer (additive)."""

    id: str
    seq: int
    timestamp: str
    answer_id: str | None = None

    def __repr__(self) -> str:
        """Return the message's position, in one short line that is the same in every run."""
        place = f": seq {self.seq}" if self.seq else ""
        return f"<sent{place}{', will be answered' if self.answer_id else ''}>"


class HistoryPage(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """Messages before a position, oldest first."""

    messages: list[dict[str, Any]]
    has_more: bool
