"""What a peer needs to reach the others: TURN credentials and LiveKit tokens, minted for one user."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

import jwt

from conduit_widget.chat.call_settings import CallSettings
from conduit_widget.types import IceServer, Sfu


def ice_servers(settings: CallSettings, user_id: str, *, now: float | None = None) -> list[IceServer]:
    """Return the site's STUN and TURN servers.

    The TURN credentials follow coturn's REST convention: the name is when they end and for whom they are, the
    password its HMAC-SHA1 by the shared secret.
    """
    servers = [IceServer(urls=list(settings.stun))] if settings.stun else []
    if settings.has_turn and settings.turn_secret:
        expiry = int((time.time() if now is None else now) + settings.turn_ttl)
        username = f"{expiry}:{user_id}"
        digest = hmac.new(settings.turn_secret.encode(), username.encode(), hashlib.sha1).digest()
        credential = base64.b64encode(digest).decode("ascii")
        servers.append(IceServer(urls=list(settings.turn_urls), username=username, credential=credential))
    return servers


def room_of(conversation_id: str, call_id: str) -> str:
    """Return the name of a call's room; the LiveKit server learns no conversation's id from it."""
    return hashlib.sha256(f"{conversation_id}\n{call_id}".encode()).hexdigest()[:32]


def sfu_of(
    settings: CallSettings, *, room: str, peer_id: str, user_name: str, now: float | None = None
) -> Sfu | None:
    """Return the LiveKit server with a token that lets a peer into the call's room; None where there is none.

    The token has LiveKit's published claims: it is for this room and identity alone, and no administrator's.
    """
    if not (settings.livekit_url and settings.livekit_key and settings.livekit_secret):
        return None
    begin = int(time.time() if now is None else now)
    claims = {
        "iss": settings.livekit_key,
        "sub": peer_id,
        "name": user_name,
        "nbf": begin - 10,
        "exp": begin + int(settings.livekit_ttl),
        "video": {
            "room": room,
            "roomJoin": True,
            "canPublish": True,
            "canSubscribe": True,
            "canPublishData": True,
        },
    }
    return Sfu(url=settings.livekit_url, token=jwt.encode(claims, settings.livekit_secret, "HS256"))
