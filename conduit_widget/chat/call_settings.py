"""What a site says of calls: its STUN and TURN servers, and its LiveKit server. Times are in seconds."""

from __future__ import annotations

import dataclasses
from typing import Final

from conduit_widget.contract import MESH_PEERS

SFU_PEERS: Final = 100
"""The most peers of a call whose media a LiveKit server carries."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CallSettings:
    """Without any of it browsers reach each other where no firewall is between them, as in one office.

    ``turn_secret`` is the one coturn has as ``static-auth-secret``. ``turn_ttl`` is for how long a name and a
    password let somebody begin to use the TURN server, ``livekit_ttl`` a token come into the room.
    """

    stun: tuple[str, ...] = ()
    turn_urls: tuple[str, ...] = ()
    turn_secret: str | None = dataclasses.field(default=None, repr=False)
    turn_ttl: float = 3600.0
    livekit_url: str | None = None
    livekit_key: str | None = None
    livekit_secret: str | None = dataclasses.field(default=None, repr=False)
    livekit_ttl: float = 600.0

    @property
    def has_turn(self) -> bool:
        """Whether TURN servers carry what finds no direct way."""
        return bool(self.turn_urls and self.turn_secret)

    @property
    def has_sfu(self) -> bool:
        """Whether a LiveKit server carries the media."""
        return bool(self.livekit_url and self.livekit_key and self.livekit_secret)

    @property
    def most_peers(self) -> int:
        """The most peers of one call."""
        return SFU_PEERS if self.has_sfu else MESH_PEERS
