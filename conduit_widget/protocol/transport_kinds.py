"""The transports a hub may offer, in the order a client should try them; negotiate's own words."""

from __future__ import annotations

from enum import StrEnum


class TransportKind(StrEnum):
    """How a connection's bytes travel."""

    WEBSOCKETS = "WebSockets"
    SERVER_SENT_EVENTS = "ServerSentEvents"
    LONG_POLLING = "LongPolling"
