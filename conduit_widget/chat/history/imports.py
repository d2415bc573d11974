"""Messages that were written elsewhere, as a change of the log's batch.

They go into a conversation in which nobody has a role yet, so nobody has to be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from conduit_widget.chat.history.batch import NOBODY, Batch, Change, Key, new_row
from conduit_widget.contract import MAX_IMPORT_MESSAGES
from conduit_widget.errors import NotInHistoryError, ValidationError
from conduit_widget.types import ChatMessage

IMPORT_PATIENCE: Final = 3600.0
"""Seconds without news after which an import that was not finished is deleted."""


class AppendImported(Change[int]):
    """Several messages at the end of the log, all or none; the result is how many there are then."""

    __slots__ = ("_author_id", "_messages", "key", "places")
    needs_imports = True

    def __init__(self, conversation_id: str, author_id: str, messages: Sequence[ChatMessage]) -> None:
        self.key = (conversation_id, "")
        self._author_id = author_id
        self._messages = messages
        named = {id_ for each in messages for id_ in (each.id, each.parent_id, each.metadata.get("replyTo"))}
        # With a place, even that of no message, the conversation's position is loaded.
        self.places = (self.key, *((conversation_id, id_) for id_ in named if id_ is not None))

    def apply(self, batch: Batch) -> int:
        """Append those that are not there yet."""
        conversation_id = self.key[0]
        seq = batch.next_seq(conversation_id)
        if conversation_id not in batch.imports:
            raise NotInHistoryError("The conversation is not being imported.")
        new = self._checked(batch)
        if seq - 1 + len(new) > MAX_IMPORT_MESSAGES:
            raise ValidationError(
                "messages", f"are more than {MAX_IMPORT_MESSAGES}, the limit of one conversation"
            )
        for message in new:
            self._append(batch, message)
        return batch.seqs[conversation_id]

    def _checked(self, batch: Batch) -> list[ChatMessage]:
        """Return the new messages; what each continues, and replies to, stands before it."""
        new: dict[Key, ChatMessage] = {}
        for message in self._messages:
            key = (self.key[0], message.id)
            if key in batch.places or key in new:
                continue
            for field, id_ in (
                ("parent id", message.parent_id),
                ("replyTo", message.metadata.get("replyTo")),
            ):
                known = (self.key[0], id_)
                if id_ is not None and known not in batch.places and known not in new:
                    raise ValidationError(field, "names no message that stands before this one")
            new[key] = message
        return list(new.values())

    def _append(self, batch: Batch, message: ChatMessage) -> None:
        conversation_id = self.key[0]
        parent_seq, is_answer = 0, message.role == "assistant"
        if message.parent_id is not None:
            parent_key = (conversation_id, message.parent_id)
            parent = batch.places[parent_key]
            parent_seq = parent.seq
            if is_answer and parent.author_id != NOBODY and parent.answer_id is None:
                batch.answer(parent_key, message.id)
        row = new_row(
            batch,
            (conversation_id, message.id),
            message,
            batch.next_seq(conversation_id),
            NOBODY if is_answer else self._author_id,
            parent_seq=parent_seq,
            written_at=message.metadata.get("timestamp"),
        )
        batch.insert(row)
