"""Payload types of calls: who is in one, what each of them sends, and how their browsers find each other."""

from __future__ import annotations

from typing import Any

from conduit_widget.types.wire import Wire


class CallMedia(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """What a peer sends to the others; nobody is sent more than they say here."""

    audio: bool = False
    video: bool = False
    screen: bool = False


class CallPeer(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """One view of a person in a call; ``joined_at`` is ISO 8601 UTC. One at a time has ``media.screen``."""

    peer_id: str
    user_id: str
    user_name: str
    media: CallMedia
    joined_at: str


class IceServer(Wire, frozen=True, kw_only=True):
    """A STUN or TURN server, as browsers take it; a TURN server's name and password hold for a short time."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


class Sfu(Wire, frozen=True, kw_only=True):
    """The LiveKit server that carries the media, and the token that lets this peer into the call's room."""

    url: str
    token: str


class Call(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """A call, its peers by the time they came; ``ice_servers`` and ``sfu`` are told to who joins alone.

    ``ice_ttl`` is for how many seconds the name and the password of the TURN servers hold: joining again
    brings fresh ones.
    """

    call_id: str
    conversation_id: str
    started_at: str
    peers: list[CallPeer]
    ice_servers: list[IceServer] = []
    ice_ttl: int | None = None
    sfu: Sfu | None = None


class CallTicket(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """The way to the page of a call: ``path`` at the hub, and behind its ``#`` the ticket.

    It is good once, and for ``expires_in`` seconds.
    """

    path: str
    ticket: str
    expires_in: float


class CallSeat(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """What a ticket is given back for: a key that is for the call of one conversation and nothing else."""

    key: str
    conversation_id: str
    user_id: str
    user_name: str


class CallSignal(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """What one peer's browser tells another's: a session description, or a candidate."""

    from_peer_id: str
    to_peer_id: str
    signal: dict[str, Any]
