"""A conversation as one member sees it: events in, changes out. No I/O, no clock, no threads.

Rules: a message is known by its id and stands by its ``seq``; an event that is not newer than what is known
(its log position is ``eventSeq``, else ``seq``) changes nothing. Text of an open answer grows by offset in
code points: what overlaps is skipped. A hole, in the log's positions or in the text, sets
:attr:`Transcript.needs_resync` and changes nothing else. Bounded: the newest :data:`MAX_MESSAGES` messages
are kept, older ones are history.
"""

from __future__ import annotations

import bisect
import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from conduit_widget.chat_client.state.changes import (
    Change,
    HistoryChange,
    MessageChange,
    ResetChange,
    StreamEndChange,
    TokenChange,
)
from conduit_widget.chat_client.state.messages import (
    UNSTORED,
    is_deleted,
    is_final,
    is_revised,
    position_in,
    position_of,
    read_message,
    read_messages,
    seq_of,
    with_unstored,
)
from conduit_widget.chat_client.state.open_text import Delta, OpenText
from conduit_widget.chat_client.state.people import People
from conduit_widget.chat_client.state.shared_state import SharedState
from conduit_widget.contract import ChatEvent
from conduit_widget.types import (
    ChatMessage,
    HistoryPage,
    JoinResult,
    OpenStream,
    ResumeResult,
    StreamKind,
)

MAX_MESSAGES: Final = 10_000
_UNPLACED: Final = 2**62  # a message without a seq stands at the end

_logger = logging.getLogger(__name__)


class Transcript:
    """The state of one conversation for one member (``user_id``), who is left out of ``typing``."""

    def __init__(self, conversation_id: str, user_id: str = "") -> None:
        self.conversation_id = conversation_id
        self.epoch = ""
        self.seq = 0
        self.has_more = False
        self.joined = False
        self.needs_resync = False
        self.people = People(user_id)
        self.shared = SharedState()
        self.streams: dict[str, OpenText] = {}
        self._messages: dict[str, ChatMessage] = {}
        self._order: list[tuple[int, str]] = []

    @property
    def messages(self) -> list[ChatMessage]:
        """Messages in order, oldest first; an open answer has the content its message event gave it."""
        return [self._messages[id_] for _, id_ in self._order]

    @property
    def oldest_seq(self) -> int | None:
        """The seq of the oldest message held."""
        return self._order[0][0] if self._order else None

    def message(self, message_id: str) -> ChatMessage | None:
        """Return a message by id."""
        return self._messages.get(message_id)

    def forget(self) -> list[Change]:
        """Let go of all that was said: whoever may not read a conversation any more keeps none of it."""
        self._messages.clear()
        self._order.clear()
        self.streams.clear()
        self.epoch, self.seq, self.has_more = "", 0, False
        self.shared.call = None
        return [ResetChange()]

    def show_seen(self, messages: Iterable[object]) -> list[Change]:
        """Show what was seen before, until the hub can be asked; nothing where it was asked already."""
        if self.joined:
            return []
        for message in read_messages(messages):
            self._place(message)
        return [ResetChange()] if self._order else []

    # ---- snapshots -------------------------------------------------------------------------------------

    def apply_join(self, join: JoinResult) -> list[Change]:
        """Replace the whole state by the hub's snapshot."""
        shown = {id_: self._shown(id_) for id_ in (*self._messages, *self.streams) if self._is_partial(id_)}
        self._messages.clear()
        self._order.clear()
        self.streams.clear()
        self.epoch, self.seq = join.epoch, join.seq
        self.joined, self.needs_resync = True, False
        self.has_more = join.has_more
        self.people.reset(join.participants)
        self.shared.reset(join)
        for message in read_messages(join.messages):
            self._place(with_unstored(message, shown.get(message.id, "")))
        self._apply_streams(join.streams)
        return [ResetChange()]

    def apply_resume(self, resume: ResumeResult) -> list[Change]:
        """Apply all missed events, or the fresh snapshot the hub gave instead."""
        if not resume.recovered:
            if resume.join is None:
                self.needs_resync = True
                return []
            return self.apply_join(resume.join)
        self.needs_resync = False
        changes: list[Change] = []
        for event in resume.events:
            self.seq = max(self.seq, event.seq - 1)  # the hub vouches for completeness
            changes += self.apply_event(event.target, event.arguments)
            self.seq = max(self.seq, event.seq)
        self.seq = max(self.seq, resume.seq)
        changes += self._apply_streams(resume.streams)
        if resume.participants:
            changes += self.people.set_participants(resume.participants)
        return changes + self.shared.resumed(resume)

    def apply_history(self, page: HistoryPage) -> list[Change]:
        """Put older messages in their places; the change carries the whole page.

        One view may ask for what another has loaded already, so known messages are told again, in the
        version known here. Of an answer older than the snapshot only its text may be known: now its place is.
        """
        messages = read_messages(page.messages)
        for message in messages:
            known = self._messages.get(message.id)
            if known is None or (seq_of(known) is None and not known.text):
                self._place(message)
        if not messages or seq_of(messages[0]) == self.oldest_seq:
            self.has_more = page.has_more
        shown = [self._messages.get(message.id, message) for message in messages]
        return [HistoryChange(messages=shown, has_more=page.has_more)]

    def _apply_streams(self, streams: Iterable[OpenStream]) -> list[Change]:
        changes: list[Change] = []
        for stream in streams:
            delta = Delta(
                message_id=stream.message_id,
                text=stream.text,
                offset=0,
                model=stream.model,
                provider=stream.provider,
                metrics=stream.metrics,
                segments=stream.segments,
            )
            if stream.reasoning:
                reasoning = msgspec.structs.replace(delta, text=stream.reasoning, kind="reasoning")
                changes += self._apply_delta(reasoning)
            changes += self._apply_delta(delta)
        return changes

    # ---- events ----------------------------------------------------------------------------------------

    def apply_event(self, target: str, arguments: Sequence[Any]) -> list[Change]:
        """Apply one hub event; an unknown one changes nothing, one that cannot be read is logged."""
        try:
            match target, arguments:
                case ChatEvent.STREAM_TOKEN, [_, str() as text, dict() as metadata, *_]:
                    return self._apply_delta(Delta.from_event(text, metadata))
                case ((ChatEvent.RECEIVE_MESSAGE | ChatEvent.MESSAGE_UPDATED), [payload, *_]):
                    return self._apply_message(read_message(payload))
                case ChatEvent.REACTIONS_UPDATED, [_, str() as id_, dict() as reactions, *_]:
                    return self._apply_reactions(id_, reactions)
                case _:
                    shared = self.shared.apply_event(target, arguments)
                    if shared is not None:
                        return shared
                    return self.people.apply_event(target, arguments, seed_only=not self.epoch)
        except Exception as error:  # noqa: BLE001 - whatever an event holds, it is one of many
            _logger.warning("An event %s was not understood: %s", target, type(error).__name__)
            self.seq = max(self.seq, position_in(arguments))
            return []

    def _apply_message(self, message: ChatMessage) -> list[Change]:
        position = position_of(message)
        if self.epoch and position > self.seq + 1:
            self.needs_resync = True
            return []
        self.seq = max(self.seq, position)
        known = self._messages.get(message.id)
        if known is not None:
            if known == message or 0 < position <= position_of(known):
                return []
            if seq_of(message) is None and (place := seq_of(known)) is not None:
                message = msgspec.structs.replace(message, metadata={**message.metadata, "seq": place})
        elif self._is_before_all(message) and is_revised(message):
            return []  # its page has this version; without the messages between there would be a hole
        message = with_unstored(message, self._shown(message.id))
        self._place(message)
        changes: list[Change] = []
        if is_final(message) and self.streams.pop(message.id, None) is not None:
            changes.append(StreamEndChange(id=message.id))
        changes.append(MessageChange(message=message))
        return changes

    def _apply_reactions(self, message_id: str, reactions: dict[str, Any]) -> list[Change]:
        """Put reactions into a message, where they are not in it already."""
        known = self._messages.get(message_id)
        if known is None or is_deleted(known) or known.metadata.get("reactions", {}) == reactions:
            return []
        message = msgspec.structs.replace(known, metadata={**known.metadata, "reactions": reactions})
        self._place(message)
        return [MessageChange(message=message)]

    def _apply_delta(self, delta: Delta) -> list[Change]:
        known = self._messages.get(delta.message_id)
        stream = self.streams.get(delta.message_id)
        if known is not None and stream is None and is_final(known):
            return []  # a late delta of an answer whose final text is here
        kind: StreamKind | None = "reasoning" if delta.kind == "reasoning" else None
        if delta.kind != kind:
            return []  # something this version knows nothing of
        changes: list[Change] = []
        if stream is None:
            if delta.offset:
                self.needs_resync = self.needs_resync or kind is None
                return []
            stream = self.streams[delta.message_id] = OpenText(delta.model, delta.provider)
            if known is None:
                known = _placeholder(delta, self.conversation_id)
                self._place(known)
                changes.append(MessageChange(message=known))
        names = delta.segments or delta.provider != stream.provider
        has_switched = bool(names) and stream.note_provider(delta)
        if known is not None and (has_switched or (delta.model and not known.metadata.get("model"))):
            changes.append(self._name_model(known, delta, stream))
        offset = stream.length if kind is None else len(stream.reasoning)
        added = stream.add(delta)
        if added is None:  # what is missing of the reasoning comes with the answer's end
            self.needs_resync = self.needs_resync or kind is None
            return changes
        if added or (delta.metrics is not None and kind is None):
            changes.append(
                TokenChange(id=delta.message_id, offset=offset, text=added, metrics=delta.metrics, kind=kind)
            )
        if delta.done and kind is None:
            changes += self._end_stream(delta, stream)
        return changes

    def _name_model(self, message: ChatMessage, delta: Delta, stream: OpenText) -> Change:
        """Put the model into the message as soon as a delta names it; the hub does so only at the end.

        So it is with the segments, once another provider goes on.
        """
        named: dict[str, Any] = {"model": delta.model, "provider": delta.provider}
        if stream.segments:
            named["segments"] = [segment.to_wire() for segment in stream.segments]
        message = msgspec.structs.replace(message, metadata={**message.metadata, **named})
        self._place(message)
        return MessageChange(message=message)

    def _end_stream(self, delta: Delta, stream: OpenText) -> list[Change]:
        """Keep the streamed text as the message's, until the hub's final version replaces it."""
        del self.streams[delta.message_id]
        changes: list[Change] = [StreamEndChange(id=delta.message_id)]
        message = self._messages.get(delta.message_id)
        if message is not None and not message.text:
            metadata = {**message.metadata, "finishReason": delta.finish_reason or "stop"}
            if stream.reasoning:
                metadata["reasoning"] = stream.reasoning
            message = msgspec.structs.replace(message, content=stream.text, metadata=metadata)
            self._place(message)
            changes.append(MessageChange(message=message))
        return changes

    # ---- what people have read -------------------------------------------------------------------------

    def _is_partial(self, message_id: str) -> bool:
        """Whether more of a message may have been shown than its stored version has."""
        known = self._messages.get(message_id)
        return message_id in self.streams or (known is not None and UNSTORED in known.metadata)

    def _shown(self, message_id: str) -> str:
        """Return the text that views show of a message."""
        stream, known = self.streams.get(message_id), self._messages.get(message_id)
        if stream is not None:
            return stream.text
        return "" if known is None else known.text + str(known.metadata.get(UNSTORED, ""))

    # ---- keeping order ---------------------------------------------------------------------------------

    def _is_before_all(self, message: ChatMessage) -> bool:
        """Whether a message belongs to the history that was not loaded."""
        place, oldest = seq_of(message), self.oldest_seq
        return self.has_more and place is not None and oldest is not None and place < oldest

    def _place(self, message: ChatMessage) -> None:
        known = self._messages.get(message.id)
        if known is not None:
            self._order.remove((_place_of(known), known.id))
        self._messages[message.id] = message
        bisect.insort(self._order, (_place_of(message), message.id))
        while len(self._order) > MAX_MESSAGES:
            _, dropped = self._order.pop(0)
            del self._messages[dropped]
            self.has_more = True


def _place_of(message: ChatMessage) -> int:
    seq = seq_of(message)
    return _UNPLACED if seq is None else seq


def _placeholder(delta: Delta, conversation_id: str) -> ChatMessage:
    # eventSeq 0: older than any version the hub sends.
    metadata: dict[str, Any] = {"conversationId": conversation_id, "status": "streaming", "eventSeq": 0}
    if delta.seq is not None:
        metadata["seq"] = delta.seq
    return ChatMessage(id=delta.message_id, role="assistant", content="", metadata=metadata)
