"""The listeners of a backplane on this node, shared by every implementation."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from conduit_widget.errors import trace_of
from conduit_widget.hub.backplane.backplane import MAX_ENTRY_BYTES, Receive
from conduit_widget.listeners import add_listener

_logger = logging.getLogger(__name__)


class Listeners:
    """Callbacks by what they want to hear; one that fails is logged and the others are called."""

    def __init__(self) -> None:
        self.channels: dict[str, list[Receive]] = {}
        self.others: frozenset[str] = frozenset()
        self._interruption: list[Callable[[], None]] = []
        self._nodes: list[Callable[[frozenset[str]], None]] = []

    def subscribe(self, channel: str, receive: Receive, on_last: Callable[[], None]) -> Callable[[], None]:
        """Add a channel's receiver; returns its remover, which tells ``on_last`` when none is left."""
        self.channels.setdefault(channel, []).append(receive)

        def unsubscribe() -> None:
            receivers = self.channels.get(channel, [])
            if receive in receivers:
                receivers.remove(receive)
                if not receivers:
                    del self.channels[channel]
                    on_last()

        return unsubscribe

    def on_interruption(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Add a listener; returns its remover."""
        return add_listener(self._interruption, callback)

    def on_nodes_change(self, callback: Callable[[frozenset[str]], None]) -> Callable[[], None]:
        """Add a listener; returns its remover."""
        return add_listener(self._nodes, callback)

    def received(self, sender: str, channel: str, payloads: Sequence[bytes]) -> None:
        """Hand messages to their channel's receivers, each in its order."""
        for receive in tuple(self.channels.get(channel, ())):
            for payload in payloads:
                try:
                    receive(sender, payload)
                except Exception as error:  # noqa: BLE001 - one listener must not stop the others
                    _log(error)

    def interrupted(self) -> None:
        """Say that messages may be missing."""
        for callback in tuple(self._interruption):
            try:
                callback()
            except Exception as error:  # noqa: BLE001 - as above
                _log(error)

    def nodes(self, others: frozenset[str]) -> None:
        """Say which other nodes live, if that is news."""
        if others == self.others:
            return
        self.others = others
        for callback in tuple(self._nodes):
            try:
                callback(others)
            except Exception as error:  # noqa: BLE001 - as above
                _log(error)


def check_entry(table: str, value: bytes | None) -> None:
    """Refuse an entry that is too large.

    Raises:
        ValueError: it is over ``MAX_ENTRY_BYTES``.

    """
    if value is not None and len(value) > MAX_ENTRY_BYTES:
        raise ValueError(f"{table}: an entry of {len(value)} bytes exceeds the limit of {MAX_ENTRY_BYTES}.")


def _log(error: Exception) -> None:
    _logger.error("A listener of the backplane failed: %s", trace_of(error))
