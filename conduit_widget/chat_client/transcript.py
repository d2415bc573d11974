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
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from conduit_widget.chat_client.changes import (
    Change,
    HistoryChange,
    MessageChange,
    ParticipantsChange,
    ResetChange,
    StreamEndChange,
    TokenChange,
    TypingChange,
)
from conduit_widget.chat_client.open_text import Delta, OpenText
from conduit_widget.contract import ChatEvent
from conduit_widget.nesting import is_too_deep
from conduit_widget.types import (
    ChatMessage,
    HistoryPage,
    JoinResult,
    OpenStream,
    Participant,
    ResumeResult,
)

_log = logging.getLogger(__name__)

MAX_MESSAGES: Final = 5000
FINAL_STATUSES: Final = frozenset({"complete", "cancelled", "interrupted", "error"})
UNSTORED: Final = "unstored"
"""The key of a message's metadata, for views only, under which stands text that was shown but not stored."""

_UNPLACED: Final = 2**62  # a message without a seq stands at the end


def seq_of(message: ChatMessage) -> int | None:
    """Return the message's place in the conversation's order."""
    seq = message.metadata.get("seq")
    return seq if isinstance(seq, int) else None


def is_final(message: ChatMessage) -> bool:
    """Whether nothing more will be written to the message."""
    status = message.metadata.get("status")
    if status is not None:
        return status in FINAL_STATUSES
    if message.role != "assistant":
        return True
    return bool(message.text or message.error or message.metadata.get("finishReason"))


class Transcript:
    """The state of one conversation for one member (``user_id``), who is left out of ``typing``."""

    def __init__(self, conversation_id: str, user_id: str = "") -> None:
        self.conversation_id = conversation_id
        self.user_id = user_id
        self.epoch = ""
        self.seq = 0
        self.has_more = False
        self.joined = False
        self.needs_resync = False
        self.participants: list[Participant] = []
        self.streams: dict[str, OpenText] = {}
        self._messages: dict[str, ChatMessage] = {}
        self._order: list[tuple[int, str]] = []
        self._typing: list[str] = []
        self._companions: set[str] = set()

    @property
    def messages(self) -> list[ChatMessage]:
        """Messages in order, oldest first; an open answer has the content its message event gave it."""
        return [self._messages[id_] for _, id_ in self._order]

    @property
    def typing(self) -> list[str]:
        """User ids of those typing, without oneself."""
        return list(self._typing)

    @property
    def oldest_seq(self) -> int | None:
        """The seq of the oldest message held."""
        return self._order[0][0] if self._order else None

    def message(self, message_id: str) -> ChatMessage | None:
        """Return a message by id."""
        return self._messages.get(message_id)

    # ---- snapshots -------------------------------------------------------------------------------------

    def apply_join(self, join: JoinResult) -> list[Change]:
        """Replace everything by the hub's snapshot."""
        shown = {id_: self._shown(id_) for id_ in (*self._messages, *self.streams) if self._is_partial(id_)}
        self._messages.clear()
        self._order.clear()
        self.streams.clear()
        self.epoch, self.seq = join.epoch, join.seq
        self.joined, self.needs_resync = True, False
        self.has_more = join.has_more
        self.participants = list(join.participants)
        self._typing = self._others(p.user_id for p in join.participants if p.typing)
        for message in _readable(join.messages):
            self._place(_with_unstored(message, shown.get(message.id, "")))
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
            changes += self.take_event(event.target, event.arguments)
            self.seq = max(self.seq, event.seq)
        self.seq = max(self.seq, resume.seq)
        changes += self._apply_streams(resume.streams)
        if resume.participants:
            changes += self._set_participants(resume.participants)
        return changes

    def apply_history(self, page: HistoryPage) -> list[Change]:
        """Put older messages in their places; the change carries the whole page.

        One view may ask for what another has loaded already, so known messages are told again, in the
        version known here. Of an answer older than the snapshot only its text may be known: now its place is.
        """
        messages = _readable(page.messages)
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
            )
            if stream.reasoning:
                reasoning = msgspec.structs.replace(delta, text=stream.reasoning, kind="reasoning")
                changes += self._apply_delta(reasoning)
            changes += self._apply_delta(delta)
        return changes

    # ---- events ----------------------------------------------------------------------------------------

    def take_event(self, target: str, arguments: list[Any]) -> list[Change]:
        """Apply one hub event; one that cannot be read is logged and stepped over."""
        try:
            return self.apply_event(target, arguments)
        except Exception as error:  # noqa: BLE001 - whatever an event holds, it is one of many
            _log.warning("An event %s was not understood: %s", target, type(error).__name__)
            self.seq = max(self.seq, _position_in(arguments))
            return []

    def apply_event(self, target: str, arguments: list[Any]) -> list[Change]:
        """Apply one hub event; unknown events and malformed payloads change nothing.

        Raises:
            msgspec.ValidationError: a payload is not what the contract says (the caller logs and goes on).

        """
        match target, arguments:
            case ChatEvent.STREAM_TOKEN, [_, str() as text, dict() as metadata, *_]:
                return self._apply_delta(Delta.from_event(text, metadata))
            case ((ChatEvent.RECEIVE_MESSAGE | ChatEvent.MESSAGE_UPDATED), [payload, *_]):
                return self._apply_message(_read(payload))
            case ChatEvent.PRESENCE_UPDATE, [_, participants, *_]:
                self._companions.add(ChatEvent.USER_JOINED)
                return self._set_participants(msgspec.convert(participants, list[Participant]))
            case ChatEvent.TYPING_UPDATE, [_, user_ids, *_]:
                self._companions.add(ChatEvent.USER_TYPING)
                return self._set_typing(msgspec.convert(user_ids, list[str]))
            case _:
                return self._apply_seed_event(target, arguments)

    def _apply_seed_event(self, target: str, arguments: list[Any]) -> list[Change]:
        """Presence of a hub that has only the seed's events; they name no conversation."""
        match target, arguments:
            case ChatEvent.USER_TYPING, [str() as user_id, bool() as is_typing, *_] if self._seed_only(
                target
            ):
                others = [id_ for id_ in self._typing if id_ != user_id]
                return self._set_typing([*others, user_id] if is_typing else others)
            case ChatEvent.USER_JOINED, [str() as user_id, str() as name, *_] if self._seed_only(target):
                others_here = [p for p in self.participants if p.user_id != user_id]
                return self._set_participants([*others_here, _participant(user_id, name)])
            case ChatEvent.USER_LEFT, [str() as user_id, *_] if self._seed_only(ChatEvent.USER_JOINED):
                return self._set_participants([p for p in self.participants if p.user_id != user_id])
            case _:
                return []

    def _seed_only(self, target: str) -> bool:
        return not self.epoch and target not in self._companions

    def _apply_message(self, message: ChatMessage) -> list[Change]:
        position = _position(message)
        if self.epoch and position > self.seq + 1:
            self.needs_resync = True
            return []
        self.seq = max(self.seq, position)
        known = self._messages.get(message.id)
        if known is not None:
            if known == message or 0 < position <= _position(known):
                return []
            if seq_of(message) is None and (place := seq_of(known)) is not None:
                message = msgspec.structs.replace(message, metadata={**message.metadata, "seq": place})
        message = _with_unstored(message, self._shown(message.id))
        self._place(message)
        changes: list[Change] = []
        if is_final(message) and self.streams.pop(message.id, None) is not None:
            changes.append(StreamEndChange(id=message.id))
        changes.append(MessageChange(message=message))
        return changes

    def _apply_delta(self, delta: Delta) -> list[Change]:
        known = self._messages.get(delta.message_id)
        if known is not None and is_final(known) and delta.message_id not in self.streams:
            return []  # a late delta of an answer whose final text is here
        changes: list[Change] = []
        stream = self.streams.get(delta.message_id)
        if delta.kind not in {None, "reasoning"}:
            return []  # something this version knows nothing of
        if stream is None:
            if delta.offset and delta.kind == "reasoning":
                return []
            if delta.offset:
                self.needs_resync = True
                return []
            stream = self.streams[delta.message_id] = OpenText(delta.model, delta.provider)
            if known is None:
                placeholder = _placeholder(delta, self.conversation_id)
                self._place(placeholder)
                changes.append(MessageChange(message=placeholder))
        changes += self._name_model(delta)
        if delta.kind == "reasoning":
            return changes + _reasoning_change(delta, stream)
        offset = stream.length
        added = stream.add(delta)
        if added is None:
            self.needs_resync = True
            return changes
        if added or delta.metrics is not None:
            changes.append(TokenChange(id=delta.message_id, offset=offset, text=added, metrics=delta.metrics))
        if delta.done:
            changes += self._end_stream(delta, stream)
        return changes

    def _name_model(self, delta: Delta) -> list[Change]:
        """Say who is writing as soon as a delta tells; the hub's message says so only at the end."""
        message = self._messages.get(delta.message_id)
        if message is None or not delta.model or message.metadata.get("model"):
            return []
        named = {"model": delta.model, "provider": delta.provider}
        message = msgspec.structs.replace(message, metadata={**message.metadata, **named})
        self._place(message)
        return [MessageChange(message=message)]

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

    def _others(self, user_ids: Iterable[str]) -> list[str]:
        return [id_ for id_ in user_ids if id_ != self.user_id]

    def _set_typing(self, user_ids: list[str]) -> list[Change]:
        others = self._others(user_ids)
        if others == self._typing:
            return []
        self._typing = others
        return [TypingChange(user_ids=list(others))]

    def _set_participants(self, participants: list[Participant]) -> list[Change]:
        if participants == self.participants:
            return []
        self.participants = participants
        return [ParticipantsChange(participants=list(participants))]


def _with_unstored(message: ChatMessage, shown: str) -> ChatMessage:
    """Keep what people have read of an answer beyond what a hub that was killed had stored of it."""
    text = message.text
    broke_off = message.role == "assistant" and message.metadata.get("status") == "interrupted"
    if not broke_off or len(shown) <= len(text) or not shown.startswith(text):
        return message
    metadata = {**message.metadata, UNSTORED: shown[len(text) :]}
    return msgspec.structs.replace(message, metadata=metadata)


def _read(payload: object) -> ChatMessage:
    """Read a message; what nests too deep for a view, or for another's decoder, is left out of it.

    Raises:
        msgspec.ValidationError: a field is missing or has the wrong type.

    """
    message = ChatMessage.from_wire(payload)
    if not is_too_deep([message.metadata, message.attachments, message.extra]):
        return message
    return msgspec.structs.replace(
        message,
        metadata={key: value for key, value in message.metadata.items() if not is_too_deep(value)},
        attachments=[each for each in message.attachments if not is_too_deep(each)],
        extra={key: value for key, value in message.extra.items() if not is_too_deep(value)},
    )


def _readable(payloads: Iterable[object]) -> list[ChatMessage]:
    """Read the messages of a snapshot or a page; one that cannot be read is logged and left out."""
    messages: list[ChatMessage] = []
    for payload in payloads:
        try:
            messages.append(_read(payload))
        except Exception as error:  # noqa: BLE001 - whatever a message holds, it is one of many
            _log.warning("A message was not understood: %s", type(error).__name__)
    return messages


def _position_in(arguments: list[Any]) -> int:
    """Return the log position of an event that could not be read; 0 where it tells none."""
    payload = arguments[0] if arguments else None
    metadata = payload.get("metadata") if isinstance(payload, dict) else None
    if not isinstance(metadata, dict):
        return 0
    position = metadata.get("eventSeq", metadata.get("seq"))
    return position if isinstance(position, int) else 0


def _place_of(message: ChatMessage) -> int:
    seq = seq_of(message)
    return _UNPLACED if seq is None else seq


def _position(message: ChatMessage) -> int:
    """The log position of the event that carried this version; 0 where the hub tells none."""
    position = message.metadata.get("eventSeq", message.metadata.get("seq"))
    return position if isinstance(position, int) else 0


def _placeholder(delta: Delta, conversation_id: str) -> ChatMessage:
    # eventSeq 0: older than any version the hub sends.
    metadata: dict[str, Any] = {"conversationId": conversation_id, "status": "streaming", "eventSeq": 0}
    if delta.seq is not None:
        metadata["seq"] = delta.seq
    return ChatMessage(id=delta.message_id, role="assistant", content="", metadata=metadata)


def _reasoning_change(delta: Delta, stream: OpenText) -> list[Change]:
    offset = len(stream.reasoning)
    added = stream.add_reasoning(delta)
    if not added:
        return []
    return [
        TokenChange(id=delta.message_id, offset=offset, text=added, metrics=delta.metrics, kind="reasoning")
    ]


def _participant(user_id: str, user_name: str) -> Participant:
    initials = "".join(word[0] for word in user_name.split()[:2]).upper() or "?"
    return Participant(user_id=user_id, user_name=user_name, initials=initials, color="#6b7280")
