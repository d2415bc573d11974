"""TURN credentials as coturn checks them, LiveKit tokens as LiveKit does."""

from __future__ import annotations

import jwt

from conduit_widget.chat.call_settings import CallSettings
from conduit_widget.chat.calls.introductions import ice_servers, room_of, sfu_of

SECRET = "s" * 32
SITE = CallSettings(
    stun=("stun:stun.example.org",),
    turn_urls=("turn:turn.example.org?transport=udp",),
    turn_secret="north",
    livekit_url="wss://live.example.org",
    livekit_key="APIkey",
    livekit_secret=SECRET,
)


def test_without_a_site_there_are_no_servers() -> None:
    """Nobody outside is asked unless somebody said so."""
    assert ice_servers(CallSettings(), "ann") == []
    assert sfu_of(CallSettings(), room="r", peer_id="p", user_name="Ann") is None
    assert CallSettings().most_peers == 6


def test_turn_credentials_are_coturns() -> None:
    """`base64(hmac-sha1(secret, "expiry:user"))`, as `openssl dgst -sha1 -hmac` has it, and short-lived."""
    stun, turn = ice_servers(SITE, "ann", now=1_700_000_000.5)
    assert (stun.urls, stun.credential) == (["stun:stun.example.org"], None)
    assert turn.username == "1700003600:ann"
    assert turn.credential == "TwqKCcbzejRFa1sgGqGS7SEzCGg="
    assert "north" not in repr(SITE)


def test_livekit_token_lets_one_peer_into_one_room() -> None:
    """Signed by the site's secret, for a short time, and with no right beyond taking part."""
    room = room_of("board", "call")
    sfu = sfu_of(SITE, room=room, peer_id="peer", user_name="Ann")
    assert sfu is not None
    claims = jwt.decode(sfu.token, SECRET, algorithms=["HS256"], options={"require": ["exp", "nbf", "iss"]})
    assert (claims["iss"], claims["sub"], claims["name"]) == ("APIkey", "peer", "Ann")
    assert claims["video"] == {
        **{"room": room, "roomJoin": True},
        **{"canPublish": True, "canSubscribe": True, "canPublishData": True},
    }
    assert claims["exp"] - claims["nbf"] <= 620
    assert "board" not in room
    assert SITE.most_peers == 100
    assert SECRET not in repr(SITE)
