"""How far people have read, as a change of the log's batch."""

from __future__ import annotations

from typing import Final

from conduit_widget.chat.history.batch import Batch, Change
from conduit_widget.errors import NotInHistoryError

MAX_READ_MARKS: Final = 1000
"""The most marks of one conversation that are told: as many as it may have members."""


class MarkRead(Change[int]):
    """A user has read up to ``seq``; the result is that position, at most the newest event's."""

    __slots__ = ("key", "places", "seq", "user_id")

    def __init__(self, conversation_id: str, user_id: str, seq: int) -> None:
        self.key = (conversation_id, "")
        self.places = (self.key,)  # no message, but with it the conversation's position is loaded
        self.user_id = user_id
        self.seq = seq

    def apply(self, batch: Batch) -> int:
        """Raise the mark; the store keeps a higher one that it has."""
        conversation_id = self.key[0]
        newest = batch.seqs.get(conversation_id)
        if newest is None:
            raise NotInHistoryError("The conversation does not exist.")
        key, seq = (conversation_id, self.user_id), min(self.seq, newest)
        batch.read_marks[key] = max(seq, batch.read_marks.get(key, 0))
        return batch.read_marks[key]
