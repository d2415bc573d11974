"""The events of a shared connection: each reaches the conversation it names by one look-up."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import ChatEvent, StatusEvent, names_in

_logger = logging.getLogger(__name__)

EventHandler = Callable[[str, Sequence[Any]], None]

_NAMED_FIRST: Final = frozenset(
    {
        ChatEvent.STREAM_TOKEN,
        ChatEvent.PRESENCE_UPDATE,
        ChatEvent.TYPING_UPDATE,
        ChatEvent.REMOVED_FROM_CONVERSATION,
        ChatEvent.READ_MARKS_UPDATED,
        ChatEvent.CALL_UPDATED,
        ChatEvent.SIGNAL,
    }
)
_NAMED_IN_MESSAGE: Final = frozenset({ChatEvent.RECEIVE_MESSAGE, ChatEvent.MESSAGE_UPDATED})
_OF_NO_CONVERSATION: Final = frozenset(names_in(StatusEvent))
"""What a connection hears of providers and of the hub: ``ProviderBook`` reads it."""


class ConversationEvents:
    """ChatHub's events on one connection, by conversation.

    ::

        events = ConversationEvents(connection)
        remove = events.of("team", lambda event, arguments: print(event, arguments))

    What names no conversation goes to all: presence of a hub with only the seed's events.
    """

    def __init__(self, connection: HubConnection) -> None:
        self._handlers: dict[str, tuple[EventHandler, ...]] = {}
        self._removers = [
            connection.on(event, partial(self._deliver, event))
            for event in names_in(ChatEvent)
            if event not in _OF_NO_CONVERSATION
        ]

    def of(self, conversation_id: str, handler: EventHandler) -> Callable[[], None]:
        """Call ``handler(event, arguments)`` for each event of a conversation; returns the remover."""
        self._handlers[conversation_id] = (*self._handlers.get(conversation_id, ()), handler)

        def remove() -> None:
            left = tuple(each for each in self._handlers.get(conversation_id, ()) if each != handler)
            if left:
                self._handlers[conversation_id] = left
            else:
                self._handlers.pop(conversation_id, None)

        return remove

    def has(self, conversation_id: str) -> bool:
        """Whether anybody listens to a conversation."""
        return conversation_id in self._handlers

    def close(self) -> None:
        """Stop listening to the connection."""
        for remove in self._removers:
            remove()

    def _deliver(self, event: str, *arguments: Any) -> None:
        named = arguments[0] if arguments else None
        if event == ChatEvent.CONVERSATION_UPDATED:
            named = named.get("conversationId") if isinstance(named, dict) else None
        elif event not in _NAMED_FIRST:
            named = _named_in(named) if event in _NAMED_IN_MESSAGE else None
            if named is None:
                for handlers in tuple(self._handlers.values()):
                    _call(handlers, event, arguments)
                return
        if isinstance(named, str):
            _call(self._handlers.get(named, ()), event, arguments)


def _call(handlers: Sequence[EventHandler], event: str, arguments: Sequence[Any]) -> None:
    """Call all of them: one that fails costs a line in the log, and the others nothing."""
    for handler in handlers:
        try:
            handler(event, arguments)
        except Exception:
            _logger.exception("a handler of %s failed", event)


def _named_in(message: object) -> object:
    """Return the conversation that a message's metadata names; None where it names none."""
    metadata = message.get("metadata") if isinstance(message, dict) else None
    return metadata.get("conversationId") if isinstance(metadata, dict) else None
