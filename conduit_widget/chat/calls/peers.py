"""Who is in a conversation's call, at this node and at the others: state and deadlines. No loop, no clock.

Each node tells the others its own list, whole and with a version. A peer is one view: it is where its
connection is, and a newer binding of the same id counts more than an older one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from conduit_widget.text.times import iso_time
from conduit_widget.types import Author, CallMedia, CallPeer


class Head(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Which call it is. Where two nodes began one at the same moment, the earlier one is it."""

    started_at: float
    call_id: str


class NodePeer(msgspec.Struct, frozen=True, array_like=True):
    """A peer as nodes tell of it; times are epoch seconds. ``screen`` is since when it shows its screen."""

    peer_id: str
    user_id: str
    user_name: str
    audio: bool
    video: bool
    screen: float | None
    joined_at: float
    bound_at: float


class NodeCall(msgspec.Struct, frozen=True, tag="call", array_like=True):
    """A node's part of a call; ``version`` rises with every change. The last one has no peers."""

    version: int
    head: Head
    peers: list[NodePeer]


class PeerSignal(msgspec.Struct, frozen=True, tag="signal", array_like=True):
    """What a peer at the sending node tells a peer at another one."""

    from_peer: str
    to_peer: str
    signal: dict[str, Any]


@dataclasses.dataclass(slots=True)
class _Here:
    peer: NodePeer
    connection_id: str | None
    leaves_at: float | None = None


class Due(NamedTuple):
    """A peer of a node that has vanished, and when it is given up."""

    peer: NodePeer
    at: float


class CallPeers:
    """The peers of one call. A peer whose connection is lost stays for ``grace`` seconds.

    Those of a node that vanished stay for ``node_grace`` seconds: they are about to come back on another one.
    Deadlines are monotonic seconds.
    """

    def __init__(self, *, grace: float, node_grace: float) -> None:
        self.head: Head | None = None
        self._grace = grace
        self._node_grace = node_grace
        self._here: dict[str, _Here] = {}
        self._elsewhere: dict[str, NodeCall] = {}
        self._lingering: dict[str, Due] = {}

    # ---- reading ---------------------------------------------------------------------------------------

    def all(self) -> list[CallPeer]:
        """Return everybody in the call, by the time they came; the newest screen is the one that is shown."""
        found = sorted(self._merged().values(), key=lambda peer: (peer.joined_at, peer.peer_id))
        shown = max(((peer.screen, peer.peer_id) for peer in found if peer.screen is not None), default=None)
        return [
            CallPeer(
                peer_id=peer.peer_id,
                user_id=peer.user_id,
                user_name=peer.user_name,
                media=CallMedia(
                    audio=peer.audio,
                    video=peer.video,
                    screen=shown is not None and shown[1] == peer.peer_id,
                ),
                joined_at=iso_time(peer.joined_at),
            )
            for peer in found
        ]

    def here(self) -> list[NodePeer]:
        """Return the peers at this node, those in grace too."""
        return [known.peer for known in self._here.values()]

    def find(self, peer_id: str) -> NodePeer | None:
        """Return a peer, wherever it is."""
        return self._merged().get(peer_id)

    def is_here(self, peer_id: str) -> bool:
        """Whether a peer is at this node, in grace too."""
        return peer_id in self._here

    def connection_of(self, peer_id: str) -> str | None:
        """Return the connection here that holds a peer."""
        known = self._here.get(peer_id)
        return None if known is None else known.connection_id

    def count_without(self, peer_id: str) -> int:
        """Return how many others there are."""
        return len(self._merged().keys() - {peer_id})

    # ---- peers here ------------------------------------------------------------------------------------

    def bind(self, peer_id: str, connection_id: str, author: Author, media: CallMedia, now: float) -> None:
        """Put a peer into the call, or give one of the same user a connection; ``now`` in epoch seconds."""
        known = self._merged().get(peer_id)
        peer = NodePeer(
            peer_id=peer_id,
            user_id=author.user_id,
            user_name=author.user_name,
            audio=media.audio,
            video=media.video,
            screen=_since(known, media, now),
            joined_at=now if known is None else known.joined_at,
            bound_at=now,
        )
        self._here[peer_id] = _Here(peer, connection_id)
        self._lingering.pop(peer_id, None)

    def update(self, peer_id: str, media: CallMedia, now: float) -> None:
        """Note what a peer here sends."""
        known = self._here[peer_id]
        known.peer = msgspec.structs.replace(
            known.peer, audio=media.audio, video=media.video, screen=_since(known.peer, media, now)
        )

    def drop(self, peer_id: str) -> bool:
        """Take a peer out; return whether it was here."""
        return self._here.pop(peer_id, None) is not None

    def drop_user(self, user_id: str) -> bool:
        """Take a user's peers out, who may not be there any more; return whether there were any here."""
        mine = [peer_id for peer_id, known in self._here.items() if known.peer.user_id == user_id]
        for peer_id in mine:
            del self._here[peer_id]
        return bool(mine)

    def unbind(self, connection_id: str, now: float, *, goodbye: bool) -> bool:
        """Begin the grace of a connection's peers, or with a ``goodbye`` drop them; return whether any."""
        held = [id_ for id_, known in self._here.items() if known.connection_id == connection_id]
        for peer_id in held:
            if goodbye:
                del self._here[peer_id]
            else:
                self._here[peer_id].connection_id = None
                self._here[peer_id].leaves_at = now + self._grace
        return bool(held)

    # ---- peers elsewhere -------------------------------------------------------------------------------

    def apply(self, node_id: str, told: NodeCall) -> None:
        """Take in another node's part; an older version changes nothing."""
        known = self._elsewhere.get(node_id)
        if known is not None and known.version >= told.version:
            return
        if told.peers:
            self._elsewhere[node_id] = told
        else:
            self._elsewhere.pop(node_id, None)
        for peer in told.peers:
            self._lingering.pop(peer.peer_id, None)
            mine = self._here.get(peer.peer_id)
            # It came back there: what is here is what it left behind.
            same_user = mine is not None and mine.peer.user_id == peer.user_id
            if mine is not None and same_user and mine.peer.bound_at < peer.bound_at:
                del self._here[peer.peer_id]
        self._agree()

    def versions(self) -> dict[str, int]:
        """Return the known version of each node's part; give it to :meth:`replace` after reading."""
        return {node_id: told.version for node_id, told in self._elsewhere.items()}

    def replace(self, entries: Mapping[str, NodeCall], known_before: Mapping[str, int], now: float) -> None:
        """Take in all parts as they were read after ``known_before``; what came meanwhile is newer."""
        for node_id, told in entries.items():
            self.apply(node_id, told)
        gone = [
            node_id
            for node_id, told in self._elsewhere.items()
            if node_id not in entries and known_before.get(node_id) == told.version
        ]
        self._vanish(gone, now)

    def keep_nodes(self, node_ids: Collection[str], now: float) -> None:
        """Begin the grace of the peers whose nodes are not among the living."""
        self._vanish([node_id for node_id in self._elsewhere if node_id not in node_ids], now)

    def _vanish(self, node_ids: Iterable[str], now: float) -> None:
        for node_id in list(node_ids):
            for peer in self._elsewhere.pop(node_id).peers:
                self._lingering[peer.peer_id] = Due(peer, now + self._node_grace)

    # ---- deadlines -------------------------------------------------------------------------------------

    def expire(self, now: float) -> bool:
        """Give up whoever did not come back; return whether one of them was here."""
        late = [
            id_ for id_, known in self._here.items() if known.leaves_at is not None and known.leaves_at <= now
        ]
        for peer_id in late:
            del self._here[peer_id]
        for peer_id in [id_ for id_, due in self._lingering.items() if due.at <= now]:
            del self._lingering[peer_id]
        return bool(late)

    def next_deadline(self) -> float | None:
        """Return when somebody is given up next; None if nobody is."""
        here = [known.leaves_at for known in self._here.values() if known.leaves_at is not None]
        return min([*here, *(due.at for due in self._lingering.values())], default=None)

    def end_if_empty(self) -> None:
        """Forget which call it was once nobody is in it."""
        if not self._merged():
            self.head = None

    # ---- inside ----------------------------------------------------------------------------------------

    def _merged(self) -> dict[str, NodePeer]:
        merged: dict[str, NodePeer] = {}
        told = [peer for call in self._elsewhere.values() for peer in call.peers]
        for peer in [*(due.peer for due in self._lingering.values()), *told, *self.here()]:
            known = merged.get(peer.peer_id)
            if known is None or known.bound_at <= peer.bound_at:
                merged[peer.peer_id] = peer
        return merged

    def _agree(self) -> None:
        """Of the calls that nodes know of here, the earliest is meant by all of them."""
        heads = [call.head for call in self._elsewhere.values()]
        if self.head is not None and (self._here or self._lingering):
            heads.append(self.head)
        self.head = min(heads, default=self.head)


def _since(known: NodePeer | None, media: CallMedia, now: float) -> float | None:
    if not media.screen:
        return None
    return known.screen if known is not None and known.screen is not None else now
