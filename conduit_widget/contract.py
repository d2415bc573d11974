"""The wire contract in one place: names, numbers, texts and close reasons; its shapes are in ``types/``.

``python -m tests.codegen`` writes what others repeat of it (``js/src/contract.ts``, the hub proxies).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

CHAT_HUB_PATH: Final = "/hubs/chat"
STATUS_HUB_PATH: Final = "/hubs/status"
MINT_PATH: Final = "/auth/token"
EXCHANGE_PATH: Final = "/auth/jupyterhub"
HEALTH_PATH: Final = "/healthz"
READY_PATH: Final = "/readyz"
METRICS_PATH: Final = "/metrics"
FIGURES_PATH: Final = "/figures"
FILES_PATH: Final = "/files"
UPLOADS_PATH: Final = "/files/uploads"
CALL_PAGE_PATH: Final = "/call"
CALL_SEAT_PATH: Final = "/call/seat"

TOKEN_AUDIENCE: Final = "conduit-hub"
TOKEN_ISSUER: Final = "conduit-local"
COLOR_CLAIM: Final = "conduit_color"
INITIALS_CLAIM: Final = "conduit_initials"
PICTURE_CLAIM: Final = "conduit_picture"
MAX_PICTURE_CHARS: Final = 2048
ACCESS_CLAIM: Final = "conduit_access"
READ_ONLY_ACCESS: Final = "read"
SCOPE_CLAIM: Final = "conduit_scope"
CALL_SCOPE: Final = "call"


def names_in(table: type) -> tuple[str, ...]:
    """Return the names in a table such as :class:`ChatEvent`, as they travel."""
    return tuple(value for name, value in vars(table).items() if name.isupper() and isinstance(value, str))


class ChatMethod:
    """Client → server methods of ChatHub."""

    JOIN_CONVERSATION: Final = "JoinConversation"
    LEAVE_CONVERSATION: Final = "LeaveConversation"
    SEND_MESSAGE: Final = "SendMessage"
    START_TYPING: Final = "StartTyping"
    STOP_TYPING: Final = "StopTyping"
    REQUEST_PROVIDER_STATUS: Final = "RequestProviderStatus"
    RESUME_CONVERSATION: Final = "ResumeConversation"
    GET_HISTORY: Final = "GetHistory"
    STOP_GENERATION: Final = "StopGeneration"
    PAUSE_STREAM: Final = "PauseStream"
    RESUME_STREAM: Final = "ResumeStream"
    REGENERATE_MESSAGE: Final = "RegenerateMessage"
    EDIT_MESSAGE: Final = "EditMessage"
    DELETE_MESSAGE: Final = "DeleteMessage"
    ADD_REACTION: Final = "AddReaction"
    REMOVE_REACTION: Final = "RemoveReaction"
    CREATE_CONVERSATION: Final = "CreateConversation"
    LIST_CONVERSATIONS: Final = "ListConversations"
    ADD_MEMBER: Final = "AddMember"
    REMOVE_MEMBER: Final = "RemoveMember"
    LIST_MEMBERS: Final = "ListMembers"
    UPDATE_CONVERSATION: Final = "UpdateConversation"
    DELETE_CONVERSATION: Final = "DeleteConversation"
    MARK_READ: Final = "MarkRead"
    SEARCH_MESSAGES: Final = "SearchMessages"
    JOIN_CALL: Final = "JoinCall"
    UPDATE_CALL: Final = "UpdateCall"
    LEAVE_CALL: Final = "LeaveCall"
    SEND_SIGNAL: Final = "SendSignal"
    OPEN_CALL_PAGE: Final = "OpenCallPage"
    PIN_MESSAGE: Final = "PinMessage"
    UNPIN_MESSAGE: Final = "UnpinMessage"
    LIST_PINNED: Final = "ListPinned"
    IMPORT_CONVERSATION: Final = "ImportConversation"
    REFRESH_TOKEN: Final = "RefreshToken"


class ChatEvent:
    """Server → client events of ChatHub."""

    RECEIVE_MESSAGE: Final = "ReceiveMessage"
    MESSAGE_UPDATED: Final = "MessageUpdated"
    REACTIONS_UPDATED: Final = "ReactionsUpdated"
    USER_JOINED: Final = "UserJoined"
    USER_LEFT: Final = "UserLeft"
    PRESENCE_UPDATE: Final = "PresenceUpdate"
    USER_TYPING: Final = "UserTyping"
    TYPING_UPDATE: Final = "TypingUpdate"
    PROVIDER_STATUS_UPDATE: Final = "ProviderStatusUpdate"
    STREAM_TOKEN: Final = "StreamToken"
    REMOVED_FROM_CONVERSATION: Final = "RemovedFromConversation"
    CONVERSATION_UPDATED: Final = "ConversationUpdated"
    READ_MARKS_UPDATED: Final = "ReadMarksUpdated"
    CALL_UPDATED: Final = "CallUpdated"
    SIGNAL: Final = "Signal"
    RATE_LIMIT_WARNING: Final = "RateLimitWarning"
    PROVIDER_FAILOVER: Final = "ProviderFailover"
    MODEL_AVAILABILITY_CHANGED: Final = "ModelAvailabilityChanged"
    SYSTEM_ANNOUNCEMENT: Final = "SystemAnnouncement"


class StatusMethod:
    """Client → server methods of StatusHub."""

    REQUEST_PROVIDER_STATUS: Final = "RequestProviderStatus"
    REQUEST_SYSTEM_HEALTH: Final = "RequestSystemHealth"
    EXPLAIN_PROVIDERS: Final = "ExplainProviders"
    ANNOUNCE: Final = "Announce"
    REFRESH_TOKEN: Final = "RefreshToken"


class StatusEvent:
    """Server → client events of StatusHub."""

    PROVIDER_STATUS_UPDATE: Final = "ProviderStatusUpdate"
    SYSTEM_HEALTH_UPDATE: Final = "SystemHealthUpdate"
    RATE_LIMIT_WARNING: Final = "RateLimitWarning"
    PROVIDER_FAILOVER: Final = "ProviderFailover"
    MODEL_AVAILABILITY_CHANGED: Final = "ModelAvailabilityChanged"
    SYSTEM_ANNOUNCEMENT: Final = "SystemAnnouncement"


# Times in seconds.
KEEP_ALIVE_INTERVAL: Final = 15.0
CLIENT_SERVER_TIMEOUT: Final = 60.0
SERVER_CLIENT_TIMEOUT: Final = 30.0
HANDSHAKE_TIMEOUT: Final = 15.0
RECONNECT_DELAYS: Final = (0.0, 2.0, 10.0, 30.0)
TYPING_TTL: Final = 6.0
PRESENCE_GRACE: Final = 10.0
TOKEN_BATCH_INTERVAL: Final = 0.030
COMM_INTERVAL: Final = 0.033
TOKEN_EXPIRY_WARNING: Final = 30.0

# Server → client event of any hub that opts in: seconds until the connection's token expires.
TOKEN_EXPIRING: Final = "TokenExpiring"

# Sizes and counts.
MAX_MESSAGE_BYTES: Final = 64 * 1024  # a hub message whole: what frames, headers and arguments take together
MAX_CONTENT_BYTES: Final = 32 * 1024  # a message's text as UTF-8: the limit people are told
JOIN_SNAPSHOT_MESSAGES: Final = 50
MAX_HISTORY_PAGE: Final = 200
RECOVERY_EVENTS: Final = 300
RECOVERY_SECONDS: Final = 120.0
INVOCATIONS_PER_SECOND: Final = 20.0
INVOCATION_BURST: Final = 40
JOINS_PER_MINUTE: Final = 60.0  # of a user, over their connections; a resume counts a tenth
JOIN_BURST: Final = 120
MESSAGES_PER_MINUTE: Final = 1200.0  # of a user: together what one connection may do alone
MESSAGE_BURST: Final = 200
NEGOTIATES_PER_MINUTE: Final = 600.0  # of a client address
NEGOTIATE_BURST: Final = 600
LIMIT_WARNING_LEVELS: Final = (80.0, 95.0)  # percent used at which RateLimitWarning warns
CONVERSATIONS_PER_CONNECTION: Final = 100
MAX_MEMBERS: Final = 1000  # with a role in one conversation, owners and readers too
CONNECTIONS_PER_USER: Final = 10
CONNECTIONS_PER_PROCESS: Final = 10_000
OUTBOX_SOFT_BYTES: Final = 256 * 1024
OUTBOX_HARD_BYTES: Final = 1024 * 1024
MAX_UNREAD: Final = 100  # the highest count of unread messages that a list tells: so many or more
READ_MARKS_INTERVAL: Final = 1.0
MAX_SEARCH_HITS: Final = 50
MAX_QUERY_CHARS: Final = 200
MAX_ID_CHARS: Final = 128
MAX_MENTIONS: Final = 50  # in a message
MAX_REACTION_BYTES: Final = 32  # of one emoji, as UTF-8
MAX_REACTION_KINDS: Final = 20  # of a message
MAX_REACTIONS: Final = 1000  # of a message, everybody's together
MAX_SIGNAL_BYTES: Final = 16 * 1024  # as JSON
MESH_PEERS: Final = 6  # of a call without an SFU: each sends to every other
MAX_PINNED: Final = 50  # messages of a conversation
MAX_IMPORT_MESSAGES: Final = 10_000  # of one conversation that is brought in
MAX_IMPORT_BATCH: Final = 200  # of them in one call
MAX_ANNOUNCEMENT_CHARS: Final = 500
MAX_FILE_BYTES: Final = 25 * 1024 * 1024
MAX_USER_FILE_BYTES: Final = 1024 * 1024 * 1024  # all files of a user
MAX_ATTACHMENTS: Final = 10  # files of a message
MAX_FILE_NAME_CHARS: Final = 200
FILE_CHUNK_BYTES: Final = 256 * 1024  # one piece of a file between a view and its kernel
OPERATOR_ROLE: Final = "operator"  # a role of the token: who may announce, and read a site's metrics


class ErrorText:
    """Texts a refused person sees."""

    AUTHENTICATION_REQUIRED: Final = "Authentication required"
    INVALID_AUTHENTICATION: Final = "Invalid authentication"
    UNAUTHORIZED: Final = "Unauthorized"
    READ_ONLY: Final = "This access may read and not write."
    RATE_LIMIT: Final = "Rate limit exceeded. Please try again later."
    CONNECTION_LIMIT: Final = (
        "Connection limit exceeded ({n}/{max}). Please close existing connections before opening new ones."
    )
    TIMED_OUT: Final = "The operation timed out. Please try again."
    DISK_FULL: Final = "The hub's disk is full. It goes on when there is room again."
    CANCELLED: Final = "The operation was cancelled."
    UNEXPECTED: Final = "An unexpected error occurred. Please try again. If the problem persists, contact support with error ID: {id}"  # noqa: E501


class CloseCode(IntEnum):
    """Why the hub ends a connection; see :data:`CLOSE_REASONS`."""

    NORMAL = 3000
    SHUTDOWN = 3001
    TOKEN_EXPIRED = 3002
    SLOW_READER = 3003
    CLIENT_TIMEOUT = 3004
    RATE_LIMITED = 3005
    CONNECTION_LIMIT = 3500
    REVOKED = 3501
    MESSAGE_TOO_LARGE = 3502
    PROTOCOL_ERROR = 3503
    HANDSHAKE_TIMEOUT = 3504


class CloseReason(NamedTuple):
    """A row of the close table: number, text of the Close message, whether the client may reconnect."""

    code: CloseCode
    text: str | None
    allow_reconnect: bool


CLOSE_REASONS: Final[dict[CloseCode, CloseReason]] = {
    reason.code: reason
    for reason in (
        CloseReason(CloseCode.NORMAL, None, False),
        CloseReason(CloseCode.SHUTDOWN, "The hub is restarting.", True),
        CloseReason(CloseCode.TOKEN_EXPIRED, "The access token expired.", True),
        CloseReason(CloseCode.SLOW_READER, "The connection reads too slowly.", True),
        CloseReason(CloseCode.CLIENT_TIMEOUT, "The client was silent for too long.", True),
        CloseReason(CloseCode.RATE_LIMITED, ErrorText.RATE_LIMIT, True),
        CloseReason(CloseCode.CONNECTION_LIMIT, ErrorText.CONNECTION_LIMIT, False),
        CloseReason(CloseCode.REVOKED, ErrorText.UNAUTHORIZED, False),
        CloseReason(CloseCode.MESSAGE_TOO_LARGE, "A message exceeds the limit of {max} bytes.", False),
        CloseReason(CloseCode.PROTOCOL_ERROR, "The connection broke the hub protocol.", False),
        CloseReason(CloseCode.HANDSHAKE_TIMEOUT, "The handshake took too long.", False),
    )
}
