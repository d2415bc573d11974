"""What happens to a message after it was written: a new text, deletion, reactions.

Each reads the message's newest version within its transaction. What may not be read any more is taken out of
the log too: earlier events of the message then carry the new version, in their old places, so that whoever
follows the log sees the same positions and nothing of the old text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from conduit_widget.chat.history.batch import (
    ID_IN_USE,
    NOBODY,
    Batch,
    Change,
    Key,
    Place,
    new_row,
    queued,
)
from conduit_widget.chat.history.parts import part_of
from conduit_widget.chat.history.store import Commit, Reacted, Reaction
from conduit_widget.contract import MAX_REACTION_KINDS, MAX_REACTIONS, ChatEvent
from conduit_widget.errors import UNREADABLE, ConduitError, NotInHistoryError, ValidationError
from conduit_widget.types import ChatMessage, Content, SendReceipt

DELETED: Final = "was deleted"
_STAMP: Final = ("seq", "eventSeq", "timestamp", "updatedAt")
_KEPT: Final = ("id", "role", "parentId", "author")
_KEPT_METADATA: Final = ("conversationId", "seq", "timestamp", "editOf")


class AnsweredError(ConduitError):
    """A message has an answer, which would not fit another text."""


def is_deleted(message: dict[str, Any]) -> bool:
    """Whether a message in wire form is a tombstone."""
    return "deletedAt" in message.get("metadata", {})


class Revision:
    """A message's newest version, and the way to write the next one."""

    def __init__(self, batch: Batch, key: Key) -> None:
        place = batch.places.get(key)
        if place is None:
            raise NotInHistoryError("The message is not in the conversation.")
        self._batch = batch
        self._key = key
        self._seq = batch.next_seq(key[0])
        self.place = place
        self.wire = _readable(batch.body(key), key[1], place)
        self.metadata: dict[str, Any] = self.wire.get("metadata") or {}
        self.receipt = SendReceipt(id=key[1], seq=place.seq, timestamp=place.timestamp)

    @property
    def unchanged(self) -> Commit:
        """What a change has done that finds nothing to do."""
        return Commit(receipt=self.receipt, duplicate=True)

    def write(self, wire: dict[str, Any], *, everywhere: bool) -> Commit:
        """Log the new version; with ``everywhere`` it takes the place of the old ones in the log, too.

        Without it, what has changed is beside the words, and the log has no more than that.
        """
        batch, (conversation_id, _) = self._batch, self._key
        stamp: dict[str, Any] = {"seq": self.place.seq, "timestamp": self.place.timestamp}
        stamp |= {"eventSeq": self._seq, "updatedAt": batch.now}
        wire = {**wire, "metadata": {**wire["metadata"], "conversationId": conversation_id}}
        body = _with_stamp(wire, stamp)
        if everywhere:
            batch.replace_logged(self._key, lambda old: _with_stamp(wire, _stamp_of(old)))
        batch.rewrite(self._key, body)
        kept = None if everywhere else part_of(self._key[1], wire, stamp)
        event = batch.log(conversation_id, self._seq, ChatEvent.MESSAGE_UPDATED, body, kept=kept)
        return Commit(receipt=self.receipt, events=(event,))


class Delete(Change[Commit]):
    """A tombstone in a message's place: who wrote it, where it stands, who deleted it, and nothing else.

    An answer that is still being written has ended then. A second deletion changes nothing.
    """

    __slots__ = ("_user_id", "bodies", "key", "logged", "places")
    needs_streams = True
    leaves_nothing = True

    def __init__(self, conversation_id: str, message_id: str, user_id: str) -> None:
        self.key = (conversation_id, message_id)
        self.places = self.bodies = self.logged = (self.key,)
        self._user_id = user_id

    def apply(self, batch: Batch) -> Commit:
        """Leave nothing of the message's text, files and versions."""
        revision = Revision(batch, self.key)
        if is_deleted(revision.wire):
            return revision.unchanged
        tombstone: dict[str, Any] = {key: revision.wire[key] for key in _KEPT if key in revision.wire}
        tombstone["content"] = ""
        tombstone["metadata"] = {
            **{key: revision.metadata[key] for key in _KEPT_METADATA if key in revision.metadata},
            **{"deletedAt": batch.now, "deletedBy": self._user_id},
        }
        batch.close_stream(self.key)
        if "pinned" in revision.metadata:
            batch.pin(self.key, is_on=False)
        batch.detach(self.key[0], revision.wire)
        return revision.write(tombstone, everywhere=True)


class Revise(Change[Commit]):
    """A new text of a message that has no answer, in its place; the old text is gone.

    Raises:
        AnsweredError: it has one.

    """

    __slots__ = ("_content", "bodies", "key", "logged", "places")
    leaves_nothing = True

    def __init__(self, conversation_id: str, message_id: str, content: Content) -> None:
        self.key = (conversation_id, message_id)
        self.places = self.bodies = self.logged = (self.key,)
        self._content = msgspec.to_builtins(content)

    def apply(self, batch: Batch) -> Commit:
        """Count the version; the same text again changes nothing."""
        revision = Revision(batch, self.key)
        if is_deleted(revision.wire):
            raise ValidationError("message", DELETED)
        if revision.wire.get("content") == self._content:
            return revision.unchanged
        if revision.place.answer_id is not None:
            raise AnsweredError("The message has been answered.")
        version = revision.metadata.get("version")
        metadata = {
            **revision.metadata,
            "version": version + 1 if isinstance(version, int) else 2,
            "editedAt": batch.now,
        }
        return revision.write(
            {**revision.wire, "content": self._content, "metadata": metadata}, everywhere=True
        )


class AppendAnswer(Change[Commit]):
    """The placeholder of another answer to its ``parent_id``; the same id again changes nothing.

    Raises:
        ValidationError: the question was deleted, or the id is somebody's.

    """

    __slots__ = ("_answer", "_question", "bodies", "key", "needs_streams", "places")

    def __init__(self, conversation_id: str, answer: ChatMessage) -> None:
        self.key = (conversation_id, answer.id)
        self._question = (conversation_id, answer.parent_id or "")
        self.places = (self.key, self._question)
        self.bodies = (self._question,)
        self.needs_streams = answer.error is None
        self._answer = answer

    def apply(self, batch: Batch) -> Commit:
        """Put it beside the others, at the end of the log."""
        conversation_id, answer_id = self.key
        place, question = batch.places.get(self.key), batch.places.get(self._question)
        if place is not None:
            if place.author_id != NOBODY:
                raise ValidationError("answerId", ID_IN_USE)
            return Commit(receipt=_receipt(answer_id, place.seq, place.timestamp), duplicate=True)
        if question is None:
            raise NotInHistoryError("The message is not in the conversation.")
        if is_deleted(_readable(batch.body(self._question), self._question[1], question)):
            raise ValidationError("message", f"cannot be answered again: its question {DELETED}")
        seq, answer = batch.next_seq(conversation_id), self._answer
        if self.needs_streams:
            if batch.is_busy(conversation_id):
                answer = queued(answer)
            batch.open_stream(self.key, seq)
        if question.answer_id is None:
            batch.answer(self._question, answer_id)
        row = new_row(batch, self.key, answer, seq, NOBODY, parent_seq=question.seq)
        receipt = _receipt(answer_id, seq, batch.now)
        return Commit(receipt=receipt, events=(batch.insert(row),))


def _receipt(answer_id: str, seq: int, timestamp: str) -> SendReceipt:
    return SendReceipt(id=answer_id, seq=seq, timestamp=timestamp, answer_id=answer_id)


class React(Change[Reacted]):
    """Reactions of several people to one message, in one new version of it."""

    __slots__ = ("_reactions", "bodies", "key", "places")

    def __init__(self, conversation_id: str, message_id: str, reactions: Sequence[Reaction]) -> None:
        self.key = (conversation_id, message_id)
        self.places = self.bodies = (self.key,)
        self._reactions = reactions

    def apply(self, batch: Batch) -> Reacted:
        """Set and take away what is not so yet."""
        revision = Revision(batch, self.key)
        if is_deleted(revision.wire):
            refusal = ValidationError("message", DELETED)
            return Reacted(revision.unchanged, (refusal,) * len(self._reactions))
        before = _reactions_of(revision.metadata)
        after = {emoji: list(users) for emoji, users in before.items()}
        refusals = tuple(_react(after, reaction) for reaction in self._reactions)
        if after == before:
            return Reacted(revision.unchanged, refusals)
        wire = {**revision.wire, "metadata": {**revision.metadata, "reactions": after}}
        return Reacted(revision.write(wire, everywhere=False), refusals)


def _react(reactions: dict[str, list[str]], reaction: Reaction) -> ConduitError | None:
    users = reactions.get(reaction.emoji, [])
    if not reaction.is_on:
        if reaction.user_id in users:
            users.remove(reaction.user_id)
            if not users:
                del reactions[reaction.emoji]
        return None
    if reaction.user_id in users:
        return None
    if not users and len(reactions) >= MAX_REACTION_KINDS:
        return ValidationError(
            "emoji", f"the message has {len(reactions)} kinds of reactions; the limit is {MAX_REACTION_KINDS}"
        )
    count = sum(map(len, reactions.values()))
    if count >= MAX_REACTIONS:
        return ValidationError("emoji", f"the message has {count} reactions; the limit is {MAX_REACTIONS}")
    reactions[reaction.emoji] = [*users, reaction.user_id]
    return None


def _reactions_of(metadata: dict[str, Any]) -> dict[str, list[str]]:
    reactions = metadata.get("reactions")
    return reactions if isinstance(reactions, dict) else {}


def _readable(body: bytes | None, message_id: str, place: Place) -> dict[str, Any]:
    """Return a stored message; of one that is damaged what its row says."""
    try:
        wire: dict[str, Any] = msgspec.json.decode(body or b"", type=dict[str, Any])
    except UNREADABLE:
        if place.author_id == NOBODY:
            return {"id": message_id, "role": "assistant", "content": ""}
        author = {"userId": place.author_id, "userName": place.author_id}
        return {"id": message_id, "role": "user", "content": "", "author": author}
    return wire


def _stamp_of(message: dict[str, Any]) -> dict[str, Any]:
    metadata = message.get("metadata") or {}
    return {key: metadata[key] for key in _STAMP if key in metadata}


def _with_stamp(wire: dict[str, Any], stamp: dict[str, Any]) -> bytes:
    own = {key: value for key, value in wire["metadata"].items() if key not in _STAMP}
    return msgspec.json.encode({**wire, "metadata": {**own, **stamp}})
