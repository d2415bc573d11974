"""Pinning a message, as a change of the log's batch: one more version of it, which says who did it."""

from __future__ import annotations

from conduit_widget.chat.history.batch import Batch, Change
from conduit_widget.chat.history.revisions import DELETED, Revision, is_deleted
from conduit_widget.chat.history.store import Commit
from conduit_widget.contract import MAX_PINNED
from conduit_widget.errors import ValidationError


class Pin(Change[Commit]):
    """A message is pinned by a user, or is not any more."""

    __slots__ = ("_is_on", "_user_id", "bodies", "key", "places")
    needs_pins = True

    def __init__(self, conversation_id: str, message_id: str, user_id: str, *, is_on: bool) -> None:
        self.key = (conversation_id, message_id)
        self.places = self.bodies = (self.key,)
        self._user_id = user_id
        self._is_on = is_on

    def apply(self, batch: Batch) -> Commit:
        """Pin it; one that is pinned already keeps who did it first."""
        revision = Revision(batch, self.key)
        if self._is_on and is_deleted(revision.wire):
            raise ValidationError("message", DELETED)
        if self._is_on == ("pinned" in revision.metadata):
            return revision.unchanged
        count = len(batch.pins.get(self.key[0], ()))
        if self._is_on and count >= MAX_PINNED:
            text = f"{count} messages are pinned here; the limit is {MAX_PINNED}. Unpin one first"
            raise ValidationError("message", text)
        metadata = {key: value for key, value in revision.metadata.items() if key != "pinned"}
        if self._is_on:
            metadata["pinned"] = {"by": self._user_id, "at": batch.now}
        batch.pin(self.key, is_on=self._is_on)
        return revision.write({**revision.wire, "metadata": metadata}, everywhere=False)
