"""Payload types of the wire contract, as frozen structs; all of them can be had from here.

Keys are camelCase on the wire. Text offsets and counts are Unicode code points (Python's ``len``), in
every language.
"""

from __future__ import annotations

from conduit_widget.text.answer_parts import CodeBlock as CodeBlock
from conduit_widget.types.attached_files import AttachedFile as AttachedFile, Attachment as Attachment
from conduit_widget.types.calls import (
    Call as Call,
    CallMedia as CallMedia,
    CallPeer as CallPeer,
    CallSeat as CallSeat,
    CallSignal as CallSignal,
    CallTicket as CallTicket,
    IceServer as IceServer,
    Sfu as Sfu,
)
from conduit_widget.types.conversations import (
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
from conduit_widget.types.joining import (
    ConversationLimits as ConversationLimits,
    HistoryPage as HistoryPage,
    JoinResult as JoinResult,
    LogEvent as LogEvent,
    Participant as Participant,
    ParticipantState as ParticipantState,
    ResumeResult as ResumeResult,
    SendReceipt as SendReceipt,
)
from conduit_widget.types.messages import (
    Author as Author,
    ChatMessage as ChatMessage,
    Content as Content,
    ErrorType as ErrorType,
    ImagePart as ImagePart,
    ImageUrl as ImageUrl,
    MessageError as MessageError,
    Role as Role,
    TextPart as TextPart,
)
from conduit_widget.types.metadata import (
    Cost as Cost,
    FinishReason as FinishReason,
    HubMetadata as HubMetadata,
    MessageMetadata as MessageMetadata,
    MessageStatus as MessageStatus,
    Segment as Segment,
    SegmentOutcome as SegmentOutcome,
)
from conduit_widget.types.providers import (
    BreakerState as BreakerState,
    ExplainedProvider as ExplainedProvider,
    FailoverOrder as FailoverOrder,
    LimitSource as LimitSource,
    ProviderAbility as ProviderAbility,
    ProviderExplanation as ProviderExplanation,
    ProviderLatency as ProviderLatency,
    ProviderQuestion as ProviderQuestion,
    ProviderState as ProviderState,
    ProviderStatus as ProviderStatus,
    RateLimit as RateLimit,
)
from conduit_widget.types.status import (
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
from conduit_widget.types.streams import (
    OpenStream as OpenStream,
    StreamKind as StreamKind,
    StreamMetadata as StreamMetadata,
    StreamMetrics as StreamMetrics,
)
from conduit_widget.types.wire import Wire as Wire
