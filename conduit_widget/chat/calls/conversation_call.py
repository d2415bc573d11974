"""The call of one live conversation: joining, what peers send, their signals, and what everybody is told."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Protocol

from conduit_widget.chat.call_settings import CallSettings
from conduit_widget.chat.calls.peers import CallPeers, Head, NodeCall, NodePeer, PeerSignal
from conduit_widget.contract import ChatEvent
from conduit_widget.errors import HubException, ValidationError
from conduit_widget.text.times import iso_time
from conduit_widget.types import Author, Call, CallMedia

NOT_IN_CALL: Final = "You are not in this call any more. Join it again."
PEER_GONE: Final = "They are not in the call any more."


class ToEverybody(Protocol):
    """Sends an event to the conversation's connections at this node."""

    def __call__(self, target: str, *arguments: Any) -> None:
        """Send it."""


class ToOne(Protocol):
    """Sends an event to one connection at this node."""

    def __call__(self, connection_id: str, target: str, *arguments: Any) -> None:
        """Send it; nothing happens when the connection is gone."""


class ConversationCall:
    """A conversation has one call at most. A signal goes to one connection, and is kept nowhere.

    ``tell`` tells the other nodes who is in the call here, ``tell_signal`` passes a signal to them.
    """

    def __init__(
        self,
        conversation_id: str,
        settings: CallSettings,
        *,
        grace: float,
        node_grace: float,
        send: ToEverybody,
        send_to: ToOne,
        tell: Callable[[NodeCall], None],
        tell_signal: Callable[[PeerSignal], None],
    ) -> None:
        self._conversation_id = conversation_id
        self._settings = settings
        self._send = send
        self._send_to = send_to
        self._tell = tell
        self._tell_signal = tell_signal
        self._peers = CallPeers(grace=grace, node_grace=node_grace)
        self._shown: Call | None = None
        self._version = 0
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def close(self) -> None:
        """Send nothing more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def now(self) -> Call | None:
        """Return the call as everybody may see it; None when nobody is in one."""
        return self._shown

    # ---- what peers do ---------------------------------------------------------------------------------

    def join(self, connection_id: str, author: Author, peer_id: str, media: CallMedia) -> Call:
        """Put a view into the call; one that is in it gets this connection.

        Raises:
            HubException: as many are in it as there may be.
            ValidationError: the peer id is another person's.

        """
        known = self._peers.find(peer_id)
        if known is not None and known.user_id != author.user_id:
            raise ValidationError("peer id", "is in use; choose another")
        others, most = self._peers.count_without(peer_id), self._settings.most_peers
        if others >= most:
            raise HubException(f"The call is full ({others}/{most}). Join when somebody has left.")
        if self._peers.head is None:
            self._peers.head = Head(time.time(), str(uuid.uuid4()))
        self._peers.bind(peer_id, connection_id, author, media, time.time())
        self._changed(here=True)
        assert self._shown is not None
        return self._shown

    def update(self, connection_id: str, peer_id: str, media: CallMedia) -> None:
        """Note what a peer sends from now on.

        Raises:
            HubException: the connection does not hold that peer.

        """
        self._require(connection_id, peer_id)
        self._peers.update(peer_id, media, time.time())
        self._changed(here=True)

    def leave(self, connection_id: str, peer_id: str) -> None:
        """Take a peer out (harmless when the connection does not hold it)."""
        if self._peers.connection_of(peer_id) == connection_id:
            self._peers.drop(peer_id)
            self._changed(here=True)

    def signal(self, connection_id: str, peer_id: str, to_peer_id: str, signal: dict[str, Any]) -> None:
        """Pass a signal to the one connection that holds the other peer; lost while that one is away.

        Raises:
            HubException: the connection does not hold the sender, or the other one is not in the call.

        """
        self._require(connection_id, peer_id)
        if self._peers.find(to_peer_id) is None or to_peer_id == peer_id:
            raise HubException(PEER_GONE)
        passed = PeerSignal(peer_id, to_peer_id, signal)
        if self._peers.is_here(to_peer_id):
            self.signalled(passed)
        else:
            self._tell_signal(passed)

    def signalled(self, passed: PeerSignal) -> None:
        """Hand a signal over, if its receiver is here."""
        connection_id = self._peers.connection_of(passed.to_peer)
        if connection_id is not None:
            self._send_to(
                connection_id,
                ChatEvent.SIGNAL,
                self._conversation_id,
                passed.from_peer,
                passed.to_peer,
                passed.signal,
            )

    def disconnected(self, connection_id: str, *, goodbye: bool) -> None:
        """Hold a lost connection's peers for the grace; one that says ``goodbye`` takes them along."""
        if self._peers.unbind(connection_id, _loop_time(), goodbye=goodbye):
            self._changed(here=True)

    def remove(self, user_id: str) -> None:
        """Put a user out who may not take part any more."""
        if self._peers.drop_user(user_id):
            self._changed(here=True)

    def _require(self, connection_id: str, peer_id: str) -> None:
        if self._peers.connection_of(peer_id) != connection_id:
            raise HubException(NOT_IN_CALL)

    # ---- what other nodes say --------------------------------------------------------------------------

    def apply(self, node_id: str, told: NodeCall) -> None:
        """Take in another node's part of the call."""
        before = self._part()
        self._peers.apply(node_id, told)
        self._changed(here=self._part() != before)

    def versions(self) -> dict[str, int]:
        """Return the known version of each node's part, for :meth:`replace` after reading."""
        return self._peers.versions()

    def replace(self, entries: Mapping[str, NodeCall], known_before: Mapping[str, int]) -> None:
        """Take in the parts of all other nodes as they were read."""
        before = self._part()
        self._peers.replace(entries, known_before, _loop_time())
        self._changed(here=self._part() != before)

    def keep_nodes(self, node_ids: Collection[str]) -> None:
        """Begin the grace of the peers whose nodes are not among the living."""
        self._peers.keep_nodes(node_ids, _loop_time())
        self._changed(here=False)

    # ---- from states to events -------------------------------------------------------------------------

    def _changed(self, *, here: bool) -> None:
        """Tell everybody what has changed; the other nodes are told what changed ``here``."""
        if self._closed:
            return
        head = self._peers.head
        self._peers.end_if_empty()
        if here and head is not None:
            # Rises over all lives of the conversation here: the others keep the newest they have seen.
            self._version = max(self._version + 1, time.monotonic_ns())
            self._tell(NodeCall(self._version, head, self._peers.here()))
        shown = self._call()
        if shown != self._shown:
            self._shown = shown
            self._send(ChatEvent.CALL_UPDATED, self._conversation_id, shown)
        self._schedule()

    def _part(self) -> tuple[list[NodePeer], Head | None]:
        """Return what the other nodes are told of this one; without peers here, not which call it is."""
        here = self._peers.here()
        return here, self._peers.head if here else None

    def _call(self) -> Call | None:
        head = self._peers.head
        if head is None:
            return None
        return Call(
            call_id=head.call_id,
            conversation_id=self._conversation_id,
            started_at=iso_time(head.started_at),
            peers=self._peers.all(),
        )

    def _schedule(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._peers.next_deadline()
        if due is not None:
            self._timer = asyncio.get_running_loop().call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._changed(here=self._peers.expire(_loop_time()))


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
