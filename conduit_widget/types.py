"""Payload types of the wire contract: what people and providers say, as frozen structs.

Keys are camelCase on the wire. Text offsets and counts are Unicode code points (Python's ``len``), in
every language. Unknown keys of a chat message are kept in ``extra`` and passed on by :meth:`to_wire`.
"""

from __future__ import annotations

import contextlib
import html
from typing import Any, Final, Literal, TypedDict

import msgspec

from conduit_widget.answer_parts import CodeBlock as CodeBlock, code_blocks, frame_of
from conduit_widget.attached_files import AttachedFile as AttachedFile, Attachment as Attachment
from conduit_widget.call_types import (
    Call as Call,
    CallMedia as CallMedia,
    CallPeer as CallPeer,
    CallSignal as CallSignal,
    IceServer as IceServer,
    Sfu as Sfu,
)
from conduit_widget.conversation_types import (
    AssistantSetting as AssistantSetting,
    ConversationInfo as ConversationInfo,
    ConversationOptions as ConversationOptions,
    ConversationPatch as ConversationPatch,
    ConversationSettings as ConversationSettings,
    ImportBatch as ImportBatch,
    Imported as Imported,
    ImportedMessage as ImportedMessage,
    ImportReceipt as ImportReceipt,
    LastMessage as LastMessage,
    MemberInfo as MemberInfo,
    MemberOptions as MemberOptions,
    MemberRole as MemberRole,
    Pinned as Pinned,
    SearchHit as SearchHit,
    SearchOptions as SearchOptions,
    SearchResult as SearchResult,
    Visibility as Visibility,
)
from conduit_widget.markup import answer_html, as_shown, text_html
from conduit_widget.plain_text import plain_name, shown
from conduit_widget.status_types import (
    Announcement as Announcement,
    AnnouncementNotice as AnnouncementNotice,
    FailoverMode as FailoverMode,
    FailoverNotice as FailoverNotice,
    LimitScope as LimitScope,
    ModelAvailabilityNotice as ModelAvailabilityNotice,
    PartHealth as PartHealth,
    PartState as PartState,
    ProviderCount as ProviderCount,
    ProviderName as ProviderName,
    RateLimitNotice as RateLimitNotice,
    SystemHealth as SystemHealth,
    SystemState as SystemState,
)
from conduit_widget.wire import Wire as Wire

Role = Literal["system", "user", "assistant", "tool"]
ErrorType = Literal["rate_limit", "model_not_found", "auth_error", "network_error", "server_error"]
FinishReason = Literal["stop", "length", "cancelled", "interrupted", "error"]
MessageStatus = Literal["queued", "streaming", "complete", "cancelled", "interrupted", "error"]
ProviderState = Literal["healthy", "degraded", "rate_limited", "down", "unknown", "disabled"]
BreakerState = Literal["closed", "open", "half_open"]
ParticipantState = Literal["active", "idle", "away"]
StreamKind = Literal["reasoning"]
ProviderAbility = Literal["vision", "tools", "reasoning"]
SegmentOutcome = Literal["complete", "failed", "cancelled"]
FailoverOrder = Literal["priority", "latency"]
LimitSource = Literal["stated", "configured"]


class Author(Wire, frozen=True, kw_only=True):
    """Who wrote a message, as the hub knows them from their token."""

    user_id: str
    user_name: str


class MessageError(Wire, frozen=True, kw_only=True):
    """Why an answer failed. ``retry_after`` is in seconds."""

    type: ErrorType
    recoverable: bool
    code: str | None = None
    status_code: int | None = None
    retry_after: float | None = None
    suggestions: list[str] = []
    message: str | None = None


class ImageUrl(Wire, frozen=True, kw_only=True):
    """An image by reference or ``data:`` URL."""

    url: str
    detail: str | None = None


class TextPart(Wire, frozen=True, kw_only=True, tag_field="type", tag="text"):
    """A piece of text in a multi-part message."""

    text: str


class ImagePart(Wire, frozen=True, kw_only=True, tag_field="type", tag="image_url", rename=None):
    """An image in a multi-part message; the wire key is ``image_url``, as providers spell it."""

    image_url: ImageUrl


Content = str | list[TextPart | ImagePart]


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


class ChatMessage(Wire, frozen=True, kw_only=True):
    """One message of a conversation. ``metadata`` has the keys of :class:`MessageMetadata`, and any other."""

    id: str
    role: Role
    content: Content
    parent_id: str | None = None
    author: Author | None = None
    attachments: list[dict[str, Any]] = []
    metadata: dict[str, Any] = {}
    error: MessageError | None = None
    extra: dict[str, Any] = {}

    def to_wire(self) -> dict[str, Any]:
        """Return the wire mapping, unknown keys included; known keys win over ``extra``."""
        wire: dict[str, Any] = msgspec.to_builtins(self)
        extra = wire.pop("extra", {})
        return {**extra, **wire}

    @classmethod
    def from_wire(cls, value: object) -> ChatMessage:
        """Validate a decoded payload.

        Raises:
            msgspec.ValidationError: a field is missing or has the wrong type; the text names its path.

        """
        if isinstance(value, dict):
            known = {key: item for key, item in value.items() if key in _CHAT_MESSAGE_KEYS}
            extra = {key: item for key, item in value.items() if key not in _CHAT_MESSAGE_KEYS}
            known["extra"] = extra
            value = known
        return msgspec.convert(value, cls)

    @property
    def text(self) -> str:
        """The text of the message, parts joined by blank lines; images are left out."""
        if isinstance(self.content, str):
            return self.content
        return "\n\n".join(part.text for part in self.content if isinstance(part, TextPart))

    @property
    def code_blocks(self) -> list[CodeBlock]:
        """The fenced code of the text, in order: ``answer.code_blocks[0].source``, ``.language``."""
        return code_blocks(self.text)

    @property
    def files(self) -> list[AttachedFile]:
        """The files of the message: ``message.files[0].save("data.csv")``, ``.to_frame()``, ``.open()``."""
        conversation_id = str(self.metadata.get("conversationId", ""))
        known: list[AttachedFile] = []
        for each in self.attachments:
            with contextlib.suppress(msgspec.ValidationError):  # another hub's
                known.append(AttachedFile(msgspec.convert(each, Attachment), conversation_id))
        return known

    def to_frame(self, table: int = 0) -> Any:
        """Return a Markdown table of the text as a pandas DataFrame; numbers are numbers.

        ``table`` counts from 0, and from the end where it is negative.

        Raises:
            ValueError: the text has no such table.
            ImportError: pandas is not installed.

        """
        return frame_of(self.text, table)

    @property
    def cost(self) -> Cost | None:
        """What the answer cost; None where the provider has no ``price``."""
        try:
            return msgspec.convert(self.metadata.get("cost"), Cost | None)
        except msgspec.ValidationError:  # another hub's
            return None

    @property
    def latency(self) -> float | None:
        """Seconds from the question to the end of the answer at the hub; None for other messages."""
        ms = self.metadata.get("latency")
        return ms / 1000 if isinstance(ms, int | float) else None

    def __repr__(self) -> str:
        """Return the beginning of the text and who wrote it, in one short line."""
        text = " ".join(self.text.split())
        short = text if len(text) <= _REPR_CHARS else text[: _REPR_CHARS - 1] + "…"
        return f"<{self.role}: {short!r}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show the message in a notebook: a model's answer rendered, its model and speed small."""
        text = as_shown(self.text)
        if self.role != "assistant":
            return {"text/plain": text, "text/html": text_html(text)}
        facts = as_shown(" · ".join(self._facts()))
        small = f'<div style="font-size:.8em;opacity:.7">{html.escape(facts)}</div>' if facts else ""
        plain = f"{text}\n\n({facts})" if facts else text
        return {"text/plain": plain, "text/html": answer_html(text) + small}

    def _facts(self) -> list[str]:
        """Which model wrote the answer, how fast, and how it ended where that was not by itself."""
        model, speed = self.metadata.get("model"), self.metadata.get("tokensPerSecond")
        facts = [plain_name(model, 128)] if isinstance(model, str) and model else []
        if isinstance(speed, int | float) and not isinstance(speed, bool) and speed > 0:
            facts.append(f"{speed:.1f} tok/s")
        if (status := self.metadata.get("status")) in {"cancelled", "interrupted", "error"}:
            facts.append(str(status))
        return facts


_REPR_CHARS: Final = 72
_CHAT_MESSAGE_KEYS: Final = frozenset(ChatMessage.__struct_encode_fields__) - {"extra"}


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
        name = plain_name(self.user_name, _REPR_CHARS) or shown(self.user_id)
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


class ProviderLatency(
    Wire,
    frozen=True,
    kw_only=True,
    rename={"ttft_p50": "ttftP50", "ttft_p95": "ttftP95", "tokens_per_second": "tokensPerSecond"},
):
    """Observed speed: times in ms, rate in tokens per second; None until measured."""

    ttft_p50: float | None = None
    ttft_p95: float | None = None
    tokens_per_second: float | None = None


class RateLimit(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """One limit of a provider: as its headers state it, or as configured and counted here (``source``).

    Numbers that nobody stated are None, never guessed. ``reset_time`` is ISO 8601 UTC; ``forecast_seconds``
    says when nothing is left at the present rate, None while that is unknown or nothing is being used up.
    """

    limit: int | None = None
    remaining: int | None = None
    percentage_used: float | None = None
    reset_time: str | None = None
    forecast_seconds: float | None = None
    source: LimitSource = "stated"


class ProviderStatus(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """Health of one provider, as the hub sees it.

    While ``breaker`` is ``open`` others are asked, where there are any; from ``retry_at`` (ISO 8601 UTC) it
    is ``half_open``: one request finds out whether it answers again. ``error_rate`` is the share of its
    newest answers that failed, 0 to 1, ``context_tokens`` what its models read and write at most.
    """

    provider: str
    state: ProviderState
    breaker: BreakerState = "closed"
    since: str = ""
    reason: str = ""
    retry_at: str | None = None
    latency: ProviderLatency = ProviderLatency()
    error_rate: float = 0.0
    rate_limit: dict[str, RateLimit] = {}
    models: list[str] = []
    last_checked_at: str = ""
    source: Literal["traffic", "probe"] = "probe"
    context_tokens: int | None = None


class ProviderQuestion(Wire, frozen=True, kw_only=True):
    """A message that might be sent: the provider and the model it names, the abilities it needs."""

    provider: str | None = None
    model: str | None = None
    needs: list[ProviderAbility] = []


class ExplainedProvider(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """A provider, whether it would answer, and why (not)."""

    provider: str
    kind: str
    model: str | None
    priority: int
    answers: bool
    reason: str


class ProviderExplanation(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """Which provider would answer a message now, and why not the others, in the order they are asked.

    ``settings_problem`` says why what is written in the settings is not in use; operators and the owner of a
    hub read it in full.
    """

    provider: str | None
    providers: list[ExplainedProvider]
    settings_problem: str | None = None
