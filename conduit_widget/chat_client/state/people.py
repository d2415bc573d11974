"""Who is in a conversation and who types there, from a hub's lists or from the seed's single events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from conduit_widget.chat_client.state.changes import Change, ParticipantsChange, TypingChange
from conduit_widget.contract import ChatEvent
from conduit_widget.text.pictures import plain_picture
from conduit_widget.types import Participant


class People:
    """The participants of a conversation, and those of them who type, without oneself (``user_id``)."""

    def __init__(self, user_id: str = "") -> None:
        self.participants: list[Participant] = []
        self.typing: list[str] = []
        self._user_id = user_id
        self._lists: set[str] = set()  # the lists a hub sends; the seed's event beside one says nothing new

    def reset(self, participants: Iterable[Participant]) -> None:
        """Start from a snapshot."""
        self.participants = [_drawable(person) for person in participants]
        self.typing = self._others(person.user_id for person in self.participants if person.typing)

    def apply_event(self, target: str, arguments: Sequence[Any], *, seed_only: bool) -> list[Change]:
        """Apply an event; ``seed_only``: the hub gave no snapshot, so it may have only the seed's events.

        Raises:
            msgspec.ValidationError: a payload is not what the contract says.

        """
        match target, arguments:
            case ChatEvent.PRESENCE_UPDATE, [_, participants, *_]:
                self._lists.add(ChatEvent.PRESENCE_UPDATE)
                return self.set_participants(msgspec.convert(participants, list[Participant]))
            case ChatEvent.TYPING_UPDATE, [_, user_ids, *_]:
                self._lists.add(ChatEvent.TYPING_UPDATE)
                return self._set_typing(msgspec.convert(user_ids, list[str]))
            case _:
                return self._apply_seed_event(target, arguments) if seed_only else []

    def _apply_seed_event(self, target: str, arguments: Sequence[Any]) -> list[Change]:
        match target, arguments:
            case ChatEvent.USER_TYPING, [str() as user_id, bool() as is_typing, *_] if (
                ChatEvent.TYPING_UPDATE not in self._lists
            ):
                others = [id_ for id_ in self.typing if id_ != user_id]
                return self._set_typing([*others, user_id] if is_typing else others)
            case ChatEvent.USER_JOINED, [str() as user_id, str() as name, *_] if (
                ChatEvent.PRESENCE_UPDATE not in self._lists
            ):
                return self.set_participants([*self._without(user_id), _participant(user_id, name)])
            case ChatEvent.USER_LEFT, [str() as user_id, *_] if ChatEvent.PRESENCE_UPDATE not in self._lists:
                return self.set_participants(self._without(user_id))
            case _:
                return []

    def set_participants(self, participants: list[Participant]) -> list[Change]:
        """Replace who is here."""
        participants = [_drawable(person) for person in participants]
        if participants == self.participants:
            return []
        self.participants = participants
        return [ParticipantsChange(participants=list(participants))]

    def _without(self, user_id: str) -> list[Participant]:
        return [person for person in self.participants if person.user_id != user_id]

    def _set_typing(self, user_ids: list[str]) -> list[Change]:
        others = self._others(user_ids)
        if others == self.typing:
            return []
        self.typing = others
        return [TypingChange(user_ids=list(others))]

    def _others(self, user_ids: Iterable[str]) -> list[str]:
        return [id_ for id_ in user_ids if id_ != self._user_id]


def _drawable(person: Participant) -> Participant:
    """Return a person without a picture that may do more than be drawn: no hub says what pages ask for."""
    picture = plain_picture(person.avatar_url) or None
    return person if picture == person.avatar_url else msgspec.structs.replace(person, avatar_url=picture)


def _participant(user_id: str, user_name: str) -> Participant:
    initials = "".join(word[0] for word in user_name.split()[:2]).upper() or "?"
    return Participant(user_id=user_id, user_name=user_name, initials=initials, color="#6b7280")
