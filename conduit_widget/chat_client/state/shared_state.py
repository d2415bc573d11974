"""What the people of a conversation share beside its messages: settings, who has read how far, their call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from conduit_widget.chat_client.state.changes import (
    CallChange,
    Change,
    ConversationChange,
    ReadMarksChange,
    SignalChange,
)
from conduit_widget.contract import ChatEvent
from conduit_widget.types import Call, CallSignal, ConversationSettings, JoinResult, ResumeResult


class SharedState:
    """``settings`` is None with a hub that tells none; ``read_marks`` are positions by user id.

    ``call`` is None while there is none.
    """

    def __init__(self) -> None:
        self.settings: ConversationSettings | None = None
        self.read_marks: dict[str, int] = {}
        self.call: Call | None = None

    def reset(self, join: JoinResult) -> None:
        """Start from a snapshot."""
        self.settings, self.read_marks = join.conversation, dict(join.read_marks)
        self.call = join.call

    def resumed(self, resume: ResumeResult) -> list[Change]:
        """Take in what may have changed meanwhile."""
        changes = self._have_read(resume.read_marks) + self._call_is(resume.call)
        return changes if resume.conversation is None else changes + self._set(resume.conversation)

    def apply_event(self, target: str, arguments: Sequence[Any]) -> list[Change] | None:
        """Apply an event; None where it is about something else.

        Raises:
            msgspec.ValidationError: a payload is not what the contract says.

        """
        match target, arguments:
            case ChatEvent.READ_MARKS_UPDATED, [_, marks, *_]:
                return self._have_read(msgspec.convert(marks, dict[str, int]))
            case ChatEvent.CALL_UPDATED, [_, call, *_]:
                return self._call_is(msgspec.convert(call, Call | None))
            case ChatEvent.SIGNAL, [_, str() as sender, str() as receiver, dict() as signal, *_]:
                told = CallSignal(from_peer_id=sender, to_peer_id=receiver, signal=signal)
                return [SignalChange(signal=told)]
            case ChatEvent.CONVERSATION_UPDATED, [settings, *_]:
                return self._set(msgspec.convert(settings, ConversationSettings))
            case _:
                return None

    def _have_read(self, marks: Mapping[str, int]) -> list[Change]:
        risen = {user_id: seq for user_id, seq in marks.items() if seq > self.read_marks.get(user_id, 0)}
        if not risen:
            return []
        self.read_marks.update(risen)
        return [ReadMarksChange(marks=dict(self.read_marks))]

    def _call_is(self, call: Call | None) -> list[Change]:
        if call == self.call:
            return []
        self.call = call
        return [CallChange(call=call)]

    def _set(self, settings: ConversationSettings) -> list[Change]:
        """Take in settings; what is told to everybody leaves out one's own role, which stays."""
        if settings.role is None and self.settings is not None:
            settings = msgspec.structs.replace(settings, role=self.settings.role)
        if settings == self.settings:
            return []
        self.settings = settings
        return [ConversationChange(conversation=settings)]
