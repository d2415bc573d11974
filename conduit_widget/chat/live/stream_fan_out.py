"""Sends tokens to a conversation's connections; one that holds an answer catches up later with one delta.

A connection holds an answer because its client asked (:meth:`StreamFanOut.pause`), or because it lags: over
its soft limit nothing is queued for it that can be sent again. Only the point where it stopped is kept, the
text comes from the open streams. A hold ends when the client resumes, when the connection has drained, and at
the latest with the answer itself: the last delta (``done``) then carries everything held, before the
``MessageUpdated`` that is never held. So the deltas of every connection add up to the stored message.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable
from typing import Any

from conduit_widget.contract import ChatEvent
from conduit_widget.hub.calls.hub import Hub
from conduit_widget.hub.delivery.clients import ClientProxy
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.types import OpenStream, StreamMetadata

Event = tuple[str, tuple[Any, ...]]
"""An event's name and arguments."""


@dataclasses.dataclass(slots=True)
class _Hold:
    """Where a connection stopped: ``offset`` and ``reasoning`` in code points, ``index`` in tokens."""

    connection: HubConnectionContext
    offset: int
    index: int
    reasoning: int
    asked: bool
    """Whether the client asked for it; otherwise it ends when the connection has drained."""


class StreamFanOut:
    """Sends answers, presence and typing to the connections of one conversation.

    ``streams`` returns the answers being written, with the text so far: each delta is part of it before
    :meth:`send` is called. ``newest`` returns the events that make up for volatile ones that a connection
    missed. ``everybody`` are the conversation's connections here.
    """

    def __init__(
        self,
        hub: Hub,
        conversation_id: str,
        group: str,
        *,
        streams: Callable[[str], Iterable[OpenStream]],
        newest: Callable[[], Iterable[Event]],
    ) -> None:
        self.everybody = hub.clients.group(group)
        self._hub = hub
        self._conversation_id = conversation_id
        self._group = group
        self._streams = streams
        self._newest = newest
        self._holds: dict[str, dict[str, _Hold]] = {}
        self._lagging: dict[str, bool] = {}  # by connection id; whether it missed a volatile event

    def send(self, text: str, metadata: StreamMetadata) -> None:
        """Send a delta to each connection that does not hold the answer; with ``done``, to all."""
        arguments = (ChatEvent.STREAM_TOKEN, self._conversation_id, text, metadata)
        holds = self._holds.get(metadata.message_id)
        if metadata.done:
            self._everybody_but(holds).send(*arguments)
            self._end_holds(metadata)
            return
        receivers = self.everybody if holds is None else self._everybody_but(holds)
        for connection in receivers.send_volatile(*arguments):
            hold = self._hold_before(connection, metadata)
            self._holds.setdefault(metadata.message_id, {})[connection.connection_id] = hold
            self._catch_up_later(connection, stale=False)

    def end(self, message_id: str) -> None:
        """End the holds of an answer whose final text comes without a last delta (harmless when none do)."""
        self._holds.pop(message_id, None)

    def send_volatile(self, target: str, *arguments: Any, excluded: Collection[str] = ()) -> None:
        """Send an event that a lagging connection may miss; it gets the newest state once it has drained."""
        for connection in self._everybody_but(excluded).send_volatile(target, *arguments):
            self._catch_up_later(connection, stale=True)

    def is_open(self, message_id: str) -> bool:
        """Whether the answer is being written."""
        return self._stream(message_id) is not None

    def pause(self, connection: HubConnectionContext, message_id: str) -> bool:
        """Hold an answer for this connection; return False if it is not being written (any more)."""
        stream = self._stream(message_id)
        if stream is None:
            return False
        hold = self._hold(connection, message_id)
        if hold is None:
            reasoning = len(stream.reasoning)
            hold = _Hold(connection, len(stream.text), stream.index, reasoning, asked=True)
            self._holds.setdefault(message_id, {})[connection.connection_id] = hold
        hold.asked = True
        return True

    def resume(self, connection: HubConnectionContext, message_id: str) -> bool:
        """Send what was held as one delta and go on; return False if nothing was, as after its end."""
        hold = self._hold(connection, message_id)
        if hold is None:
            return False
        if connection.lagging:
            hold.asked = False
            self._catch_up_later(connection, stale=False)
        else:
            self._release(message_id, hold)
        return True

    def forget(self, connection_id: str) -> None:
        """Drop what is kept for a connection that left (harmless when nothing is)."""
        self._lagging.pop(connection_id, None)
        for message_id in [id_ for id_, holds in self._holds.items() if connection_id in holds]:
            self._drop(message_id, connection_id)

    def _everybody_but(self, excluded: Collection[str] | None) -> ClientProxy:
        return self._hub.clients.group_except(self._group, excluded) if excluded else self.everybody

    def _stream(self, message_id: str) -> OpenStream | None:
        found = self._streams(self._conversation_id)
        return next((stream for stream in found if stream.message_id == message_id), None)

    def _hold(self, connection: HubConnectionContext, message_id: str) -> _Hold | None:
        return self._holds.get(message_id, {}).get(connection.connection_id)

    def _hold_before(self, connection: HubConnectionContext, missed: StreamMetadata) -> _Hold:
        """Return the point at which a connection stopped that missed this delta."""
        stream = self._stream(missed.message_id)
        text, index, reasoning = (
            (len(stream.text), stream.index, len(stream.reasoning)) if stream is not None else (0, 0, 0)
        )
        if missed.kind == "reasoning":
            return _Hold(connection, text, index, missed.offset, asked=False)
        return _Hold(connection, missed.offset, missed.index, reasoning, asked=False)

    def _drop(self, message_id: str, connection_id: str) -> None:
        holds = self._holds[message_id]
        del holds[connection_id]
        if not holds:
            del self._holds[message_id]

    def _catch_up_later(self, connection: HubConnectionContext, *, stale: bool) -> None:
        id_ = connection.connection_id
        if id_ not in self._lagging:
            self._lagging[id_] = stale
            connection.on_drained(self._drained)
        elif stale:
            self._lagging[id_] = True

    def _drained(self, connection: HubConnectionContext) -> None:
        id_ = connection.connection_id
        stale = self._lagging.pop(id_, None)
        if stale is None or not self._hub.groups.has(id_, self._group):
            self.forget(id_)
            return
        for message_id, holds in list(self._holds.items()):
            hold = holds.get(id_)
            if hold is not None and not hold.asked:
                self._release(message_id, hold)
        if stale:
            for target, arguments in self._newest():
                connection.send(target, *arguments)

    def _release(self, message_id: str, hold: _Hold) -> None:
        self._drop(message_id, hold.connection.connection_id)
        stream = self._stream(message_id)
        if stream is None:
            return
        self._catch_up_reasoning(stream, hold)
        if len(stream.text) > hold.offset:
            self._catch_up(hold, *_rest(stream, hold))

    def _end_holds(self, last: StreamMetadata) -> None:
        """Send the whole rest of an answer that ends to each connection that holds it."""
        holds = self._holds.pop(last.message_id, None)
        if holds is None:
            return
        stream = self._stream(last.message_id)
        if stream is None:
            return  # its final text comes as a message
        for hold in holds.values():
            self._catch_up_reasoning(stream, hold)
            self._catch_up(hold, *_rest(stream, hold, last))

    def _catch_up_reasoning(self, stream: OpenStream, hold: _Hold) -> None:
        missed = stream.reasoning[hold.reasoning :]
        if missed:
            metadata = StreamMetadata(
                message_id=stream.message_id,
                seq=stream.seq,
                index=0,
                count=0,
                offset=hold.reasoning,
                model=stream.model,
                provider=stream.provider,
                kind="reasoning",
            )
            self._catch_up(hold, missed, metadata)

    def _catch_up(self, hold: _Hold, text: str, metadata: StreamMetadata) -> None:
        connection = hold.connection
        if self._hub.groups.has(connection.connection_id, self._group):
            connection.send(ChatEvent.STREAM_TOKEN, self._conversation_id, text, metadata)


def _rest(stream: OpenStream, hold: _Hold, last: StreamMetadata | None = None) -> tuple[str, StreamMetadata]:
    """Return one delta from where a connection stopped; ``last`` is the answer's last delta, if it ends."""
    metadata = StreamMetadata(
        message_id=stream.message_id,
        seq=stream.seq,
        index=hold.index,
        count=stream.index - hold.index,
        offset=hold.offset,
        model=stream.model,
        provider=stream.provider,
        done=last is not None,
        finish_reason=None if last is None else last.finish_reason,
        metrics=stream.metrics if last is None else last.metrics,
    )
    return stream.text[hold.offset :], metadata
