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
from conduit_widget.providers.provider import Failover
from conduit_widget.text.plain_text import is_plain
from conduit_widget.text.times import iso_time
from conduit_widget.types import (
    Announcement,
    AnnouncementNotice,
    FailoverNotice,
    ModelAvailabilityNotice,
    ProviderName,
    Wire,
)

MAX_PRIORITY: Final = 3

_logger = logging.getLogger(__name__)
_CHANNEL: Final = "notices"


class Notices:
    """Sends notices to the connections of both hubs on this node.

    What an operator says goes to those of the other nodes, too, and what happens in a conversation; the
    conversation and the answer are named only to those who are in it.
    """

    def __init__(self, backplane: Backplane | None = None) -> None:
        self._hubs: Sequence[Hub] = ()
        self._backplane = backplane
        self._unsubscribe: Callable[[], None] | None = None

    def mount(self, chat_hub: Hub, status_hub: Hub) -> None:
        """Send by these hubs from now on."""
        self._hubs = (chat_hub, status_hub)

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
        self._tell_nodes(notice)
        return notice

    def failed_over(self, conversation_id: str, message_id: str, failover: Failover) -> None:
        """Tell everybody that a provider failed in an answer, and who goes on."""
        _logger.warning("%s (%s)", failover.text, failover.reason)
        target = failover.target
        notice = FailoverNotice(
            id=str(uuid.uuid4()),
            timestamp=iso_time(time.time()),
            priority=1 if target is not None else 2,
            conversation_id=conversation_id,
            message_id=message_id,
            source=ProviderName(provider=failover.source, model=failover.source_model),
            target=None if target is None else ProviderName(provider=target, model=failover.target_model),
            reason=failover.reason,
            text=failover.text,
            mid_stream=failover.mid_stream,
            policy=failover.policy,
        )
        self._tell_of_failover(notice)
        self._tell_nodes(notice)

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
            told = msgspec.json.decode(payload)
            is_failover = isinstance(told, dict) and told.get("type") == StatusEvent.PROVIDER_FAILOVER
            notice = msgspec.convert(told, FailoverNotice if is_failover else AnnouncementNotice)
        except UNREADABLE as error:
            _logger.warning("Node %s told what cannot be read: %s", node_id, type(error).__name__)
            return
        if isinstance(notice, FailoverNotice):
            self._tell_of_failover(notice)
        else:
            self._tell_all(StatusEvent.SYSTEM_ANNOUNCEMENT, notice)

    def _tell_nodes(self, notice: Wire) -> None:
        if self._backplane is not None:
            self._backplane.publish(_CHANNEL, msgspec.json.encode(notice))

    def _tell_of_failover(self, notice: FailoverNotice) -> None:
        if not self._hubs:
            return
        event, (chat_hub, status_hub) = StatusEvent.PROVIDER_FAILOVER, self._hubs
        group = f"conversation:{notice.conversation_id}"
        inside = {member.connection_id for member in chat_hub.groups.members(group)}
        chat_hub.clients.group(group).send(event, notice)
        nameless = msgspec.structs.replace(notice, conversation_id=None, message_id=None)
        chat_hub.clients.all_except(inside).send(event, nameless)
        status_hub.clients.all().send(event, nameless)

    def _tell_all(self, event: str, notice: Wire) -> None:
        for hub in self._hubs:
            hub.clients.all().send(event, notice)
