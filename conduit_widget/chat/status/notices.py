"""Notices that go to everybody: a provider failed in an answer, models came or went, an operator's words."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from conduit_widget.contract import MAX_ANNOUNCEMENT_CHARS, StatusEvent
from conduit_widget.errors import UNREADABLE, ValidationError
from conduit_widget.hub.backplane.backplane import Backplane
from conduit_widget.hub.calls.hub import Hub
from conduit_widget.plain_text import is_plain
from conduit_widget.times import iso_time
from conduit_widget.types import Announcement, AnnouncementNotice, ModelAvailabilityNotice

MAX_PRIORITY: Final = 3

_logger = logging.getLogger(__name__)
_CHANNEL: Final = "announcements"


class Notices:
    """Sends notices to every connection of ``hubs`` on this node.

    What an operator says goes to those of the other nodes, too.
    """

    def __init__(self, backplane: Backplane | None = None) -> None:
        self.hubs: Sequence[Hub] = ()
        self._backplane = backplane
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin listening to the other nodes."""
        if self._backplane is not None and self._unsubscribe is None:
            self._unsubscribe = self._backplane.subscribe(_CHANNEL, self._received)

    def close(self) -> None:
        """Stop listening."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def announce(self, announcement: Announcement) -> AnnouncementNotice:
        """Tell everybody what an operator says; return what they are told.

        Raises:
            ValidationError: the text is empty or too long, or the priority is none.

        """
        text = announcement.text.strip()
        if not text or len(text) > MAX_ANNOUNCEMENT_CHARS:
            raise ValidationError(
                "text", f"has {len(text)} characters; it must have 1 to {MAX_ANNOUNCEMENT_CHARS}"
            )
        if not is_plain(text):
            raise ValidationError("text", "must be one line without control or invisible characters")
        if not 0 <= announcement.priority <= MAX_PRIORITY:
            raise ValidationError("priority", f"must be from 0 to {MAX_PRIORITY}")
        notice = AnnouncementNotice(
            id=str(uuid.uuid4()), timestamp=iso_time(time.time()), priority=announcement.priority, text=text
        )
        self._tell_all(StatusEvent.SYSTEM_ANNOUNCEMENT, notice)
        if self._backplane is not None:
            self._backplane.publish(_CHANNEL, msgspec.json.encode(notice))
        return notice

    def models_changed(self, provider: str, before: Iterable[str], now: Iterable[str]) -> None:
        """Tell everybody which models of a provider came and which went, if any did."""
        old, new = list(before), list(now)
        added = [name for name in new if name not in old]
        removed = [name for name in old if name not in new]
        if added or removed:
            notice = ModelAvailabilityNotice(
                id=str(uuid.uuid4()),
                timestamp=iso_time(time.time()),
                priority=1 if removed else 0,
                provider=provider,
                added=added,
                removed=removed,
                models=new,
            )
            self._tell_all(StatusEvent.MODEL_AVAILABILITY_CHANGED, notice)

    def _received(self, node_id: str, payload: bytes) -> None:
        try:
            notice = msgspec.json.decode(payload, type=AnnouncementNotice)
        except UNREADABLE as error:
            _logger.warning("Node %s announced what cannot be read: %s", node_id, type(error).__name__)
        else:
            self._tell_all(StatusEvent.SYSTEM_ANNOUNCEMENT, notice)

    def _tell_all(self, event: str, notice: AnnouncementNotice | ModelAvailabilityNotice) -> None:
        for hub in self.hubs:
            hub.clients.all().send(event, notice)
