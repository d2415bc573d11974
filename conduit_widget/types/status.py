"""Payload types of the StatusHub: the health of the hub, and what it tells everybody."""

from __future__ import annotations

from typing import Literal

from conduit_widget.types.wire import Wire

SystemState = Literal["healthy", "degraded", "down"]
PartState = Literal["healthy", "down", "none"]
LimitScope = Literal["requests", "tokens", "connection", "user"]
FailoverMode = Literal["continue", "stop"]


class PartHealth(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """Whether a part that the hub needs does its work; ``none``: this hub has no such part."""

    state: PartState


class ProviderCount(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """How many of the providers are healthy; disabled ones are not counted."""

    healthy: int
    total: int


class SystemHealth(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """Health of one node of the hub: what it does at present, and whether its parts work.

    ``state`` is ``down`` without the store, and ``degraded`` while the bus is away or a provider is in
    trouble. ``messages_per_minute`` and ``delivery_latency_p95_ms`` look back a minute, or as far as readings
    tell; the latency is None while nothing was delivered. ``loop_lag_ms``: how long work that is due waits.
    """

    state: SystemState
    uptime_seconds: float
    connections: int
    conversations: int
    generations: int
    messages_per_minute: float
    delivery_latency_p95_ms: float | None
    loop_lag_ms: float
    store: PartHealth
    bus: PartHealth
    providers: ProviderCount
    version: str


class RateLimitNotice(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """A limit is nearly used up (``RateLimitWarning``); numbers that nobody stated are None, never guessed.

    ``provider`` is ``"hub"`` for the hub's own limits, whose ``name`` says which one: ``invocations``,
    ``conversations``, ``connections``, ``joins``, ``messages``, ``requests``, ``signals``. ``timestamp`` and
    ``reset_time`` are ISO 8601 UTC, ``percentage_used`` is 0 to 100, ``priority`` 0 to 3.
    ``forecast_seconds`` says when nothing is left at the present rate; None while that is unknown.
    """

    id: str
    timestamp: str
    priority: int
    provider: str
    scope: LimitScope
    limit: int | None
    remaining: int | None
    percentage_used: float | None
    reset_time: str | None
    forecast_seconds: float | None = None
    name: str = ""
    type: str = "RateLimitWarning"


class ProviderName(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """A provider and one of its models; ``model`` is empty where the provider chooses."""

    provider: str
    model: str = ""


class FailoverNotice(
    Wire,
    frozen=True,
    kw_only=True,
    omit_defaults=False,
    rename={
        "conversation_id": "conversationId",
        "message_id": "messageId",
        "source": "from",
        "target": "to",
        "mid_stream": "midStream",
    },
):
    """A provider failed in an answer (``ProviderFailover``): ``target`` goes on, or nobody does.

    ``reason`` is an error code, ``text`` one line for people. ``mid_stream``: readers had seen text of it.
    ``conversation_id`` and ``message_id`` are None for whoever is not in the conversation.
    """

    id: str
    timestamp: str
    priority: int
    source: ProviderName
    target: ProviderName | None
    reason: str
    text: str
    mid_stream: bool
    policy: FailoverMode
    conversation_id: str | None = None
    message_id: str | None = None
    type: str = "ProviderFailover"


class ModelAvailabilityNotice(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """Models of a provider came or went (``ModelAvailabilityChanged``); ``models`` are those it has now."""

    id: str
    timestamp: str
    priority: int
    provider: str
    added: list[str]
    removed: list[str]
    models: list[str]
    type: str = "ModelAvailabilityChanged"


class AnnouncementNotice(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """What an operator tells everybody (``SystemAnnouncement``)."""

    id: str
    timestamp: str
    priority: int
    text: str
    type: str = "SystemAnnouncement"


class Announcement(Wire, frozen=True, kw_only=True):
    """What an operator wants everybody to be told; ``priority`` is 0 (by the way) to 3 (urgent)."""

    text: str
    priority: int = 1
