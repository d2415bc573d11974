"""The settings of a site's chats, and the sizes that bound them. Times are in seconds, sizes in bytes."""

from __future__ import annotations

import dataclasses
from typing import Final

from conduit_widget.chat.call_settings import CallSettings
from conduit_widget.contract import (
    CONVERSATIONS_PER_CONNECTION,
    INVOCATIONS_PER_SECOND,
    JOIN_BURST,
    JOIN_SNAPSHOT_MESSAGES,
    JOINS_PER_MINUTE,
    MAX_FILE_BYTES,
    MAX_HISTORY_PAGE,
    MAX_MEMBERS,
    MAX_USER_FILE_BYTES,
    MESSAGE_BURST,
    MESSAGES_PER_MINUTE,
    PRESENCE_GRACE,
    RECOVERY_EVENTS,
    RECOVERY_SECONDS,
    TOKEN_BATCH_INTERVAL,
    TYPING_TTL,
)
from conduit_widget.types import AssistantSetting, Visibility

OWNERS_CONVERSATIONS: Final = 10_000
OWNERS_INVOCATIONS: Final = 1000.0
"""Invocations a second that a hub for its owner alone accepts from one connection."""

DEFAULT_SYSTEM_PROMPT: Final = "You are a helpful assistant."
"""Short on purpose: in a handful of runs a longer one (style, honesty) misled the 135M local model."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChatSettings:
    """Settings of one hub's chats.

    ``create_on_join``, ``visibility`` and ``assistant`` decide what joining an unknown conversation does: the
    local hub creates an open one in which every message is answered. A joiner who creates one owns it.
    """

    create_on_join: bool = True
    visibility: Visibility = "open"
    assistant: AssistantSetting = "always"
    system_prompt: str = DEFAULT_SYSTEM_PROMPT
    calls: CallSettings = dataclasses.field(default_factory=CallSettings)

    batch_interval: float = TOKEN_BATCH_INTERVAL
    metrics_interval: float = 1.0
    checkpoint_interval: float = 0.4
    """A crash costs no more of an answer than half a second's text, the store's own time included."""

    presence_grace: float = PRESENCE_GRACE
    node_grace: float = 5.0
    """The grace of people whose node vanished, at most ``presence_grace``: they also had the time until that
    was noticed to come back elsewhere. Whoever does not is gone 15 s after the crash."""

    presence_interval: float = 0.1
    typing_ttl: float = TYPING_TTL
    status_interval: float = 1.0
    health_interval: float = 5.0
    access_ttl: float = 2.0
    stop_timeout: float = 5.0
    finish_patience: float = 20.0
    """How long storing an answer's end is tried in its own turn while the store is away."""

    gap_delay: float = 0.05
    poll_interval: float = 1.0
    heartbeat_interval: float = 3.0
    reap_interval: float = 5.0
    dead_after: float = 10.0
    prune_interval: float = 300.0
    """Between several nodes: how long a hole in the log may last; how often the store is asked for news, a
    node says that it lives, and answers of dead nodes are ended; how long the silence of a dead node is; how
    often old log events are deleted."""

    queued_generations: int = 16
    queued_generations_per_user: int = 256
    concurrent_generations: int = 8
    generations_per_user: int = 4
    """How many answers wait (in a conversation; of a user) and are written at the same time (in all; of a
    user)."""

    max_answer_bytes: int = 256 * 1024
    default_context_tokens: int = 8192

    joins_per_minute: float = JOINS_PER_MINUTE
    join_burst: int = JOIN_BURST
    messages_per_minute: float = MESSAGES_PER_MINUTE
    message_burst: int = MESSAGE_BURST
    requests_per_minute: float = 600.0
    request_burst: int = 200
    signals_per_minute: float = 1200.0
    signal_burst: int = 240
    """Limits of one user, over their connections to one process; 0 a minute means no limit. Requests read
    something or change members; signals are typing, stopping and holding answers, and those of calls."""

    max_file_bytes: int = MAX_FILE_BYTES
    max_user_file_bytes: int = MAX_USER_FILE_BYTES
    uploads_per_user: int = 32
    spare_disk_bytes: int = 64 * 1024 * 1024
    """Of a user over all conversations: the bytes of their files, with what their uploads announced. The last
    is the room on the disk that uploads leave to the history."""

    unused_file_seconds: float = 86_400.0
    unfinished_upload_seconds: float = 3600.0
    collect_interval: float = 60.0
    """How long a file stays that no message has had yet, and an upload that nobody continues; how often both
    are looked for."""

    tells_settings: bool = False
    """Whether everybody reads what is wrong in a file of the settings, with its folder; else operators do."""

    conversations_per_connection: int = CONVERSATIONS_PER_CONNECTION
    max_members: int = MAX_MEMBERS
    """Of one conversation, in any role; two nodes that add at the same moment may exceed it by one."""

    snapshot_messages: int = JOIN_SNAPSHOT_MESSAGES
    max_history_page: int = MAX_HISTORY_PAGE
    invocations_per_second: float = INVOCATIONS_PER_SECOND
    recovery_events: int = RECOVERY_EVENTS
    recovery_seconds: float = RECOVERY_SECONDS
    reply_bytes: int = 512 * 1024
    """The largest snapshot, recovery or history page: half of what a connection's outbox holds."""

    @classmethod
    def for_owner(cls) -> ChatSettings:
        """Return the settings of a hub for its owner alone, from whom nobody has to be protected."""
        return cls(
            joins_per_minute=0,
            messages_per_minute=0,
            requests_per_minute=0,
            signals_per_minute=0,
            tells_settings=True,
            conversations_per_connection=OWNERS_CONVERSATIONS,
            generations_per_user=cls.concurrent_generations,
            invocations_per_second=OWNERS_INVOCATIONS,
        )
