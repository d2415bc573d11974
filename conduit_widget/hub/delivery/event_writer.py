"""Events in the bytes of a hub protocol; one that cannot be written is that protocol's loss alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Any, Final

import msgspec

from conduit_widget.errors import LocalProtocolError, trace_of
from conduit_widget.hub.delivery.outbox import EncodedRecord
from conduit_widget.hub.delivery.payload import JsonObject, to_wire
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.messages import Invocation

_MAX_NAMED: Final = 100

_logger = logging.getLogger(__name__)


class EventWriter:
    """One per mounted hub. ``sent(target, count)`` counts deliveries, ``failed(kind)`` what was not written.

    An event that a hub protocol cannot write (an integer of more than 64 bits in MessagePack) is logged the
    first time. Whoever sends to many goes on with the others: no value of one message may end a delivery.
    """

    __slots__ = ("_failed", "_named", "sent")

    def __init__(self, sent: Callable[[str, int], None], failed: Callable[[str], None]) -> None:
        self.sent = sent
        self._failed = failed
        self._named: set[tuple[str, str]] = set()

    def encode(self, protocol: HubProtocol, target: str, arguments: Collection[Any]) -> EncodedRecord | None:
        """Return the event as a record, or None where ``protocol`` has no way to write it."""
        try:
            if protocol.name == "json":
                values = [msgspec.Raw(v.json) if type(v) is JsonObject else to_wire(v) for v in arguments]
            else:
                values = [to_wire(value) for value in arguments]
            return EncodedRecord(protocol.encode(Invocation(target=target, arguments=values)))
        except LocalProtocolError as error:
            self._failed("encoding")
            self._tell_once(protocol.name, target, error)
            return None

    def _tell_once(self, protocol: str, target: str, error: LocalProtocolError) -> None:
        if len(self._named) >= _MAX_NAMED or (protocol, target) in self._named:
            return
        self._named.add((protocol, target))
        # Without the error's text, which may quote the value.
        _logger.error(
            "The event %s cannot be written as %s: its connections go without. %s",
            target,
            protocol,
            trace_of(error),
        )
