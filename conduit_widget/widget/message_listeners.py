"""Functions of the user's that hear every finished message, each once and none of the history."""

from __future__ import annotations

import contextvars
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

from conduit_widget.chat_client.conversation import ChangeHandler
from conduit_widget.chat_client.state.changes import Change, MessageChange, ResetChange
from conduit_widget.chat_client.state.messages import is_deleted, is_final
from conduit_widget.kernel.callback_thread import callback_thread
from conduit_widget.types import ChatMessage

Listener = Callable[[ChatMessage], object]

MAX_ANNOUNCED: Final = 2000


class Listening:
    """What ``chat.on_message`` returns: call it to end the listening."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._end = end
        self._has_ended = False

    def __call__(self) -> None:
        """End the listening; calling this twice does no harm."""
        self._has_ended = True
        self._end()

    def __repr__(self) -> str:
        return "<on_message: ended>" if self._has_ended else "<on_message: listening; call this to end it>"


class MessageListeners:
    """The listeners of one chat. They are kept on the loop thread and called on the callback thread.

    Args:
        messages: returns the messages of the conversation.
        has_joined: returns whether the conversation's history is among them.
        subscribe: subscribes to the conversation's changes, and returns the unsubscriber.

    """

    def __init__(
        self,
        messages: Callable[[], Iterable[ChatMessage]],
        has_joined: Callable[[], bool],
        subscribe: Callable[[ChangeHandler], Callable[[], None]],
    ) -> None:
        self._messages = messages
        self._has_joined = has_joined
        self._subscribe = subscribe
        self._unsubscribe: Callable[[], None] | None = None
        self._listeners: dict[object, tuple[contextvars.Context, Listener]] = {}
        self._announced: OrderedDict[str, None] = OrderedDict()
        self._has_history = False

    def __len__(self) -> int:
        return len(self._listeners)

    def add(self, key: object, context: contextvars.Context, listener: Listener) -> None:
        """Call ``listener(message)`` in ``context`` for every finished message, until ``key`` is removed."""
        if self._unsubscribe is None:
            self._has_history = self._has_joined()
            for message in self._messages():
                self._announce(message, silently=True)
            self._unsubscribe = self._subscribe(self._on_changes)
        self._listeners[key] = (context, listener)

    def remove(self, key: object) -> None:
        """Remove the listener of ``key``, if it is there."""
        self._listeners.pop(key, None)
        if not self._listeners:
            self.clear()

    def move_to(self, others: MessageListeners) -> None:
        """Let the listeners hear another conversation from now on."""
        listeners = dict(self._listeners)
        self.clear()
        for key, (context, listener) in listeners.items():
            others.add(key, context, listener)

    def clear(self) -> None:
        """Remove all listeners."""
        self._listeners.clear()
        unsubscribe, self._unsubscribe = self._unsubscribe, None
        if unsubscribe is not None:
            unsubscribe()

    def _on_changes(self, changes: list[Change]) -> None:
        for change in changes:
            match change:
                case MessageChange(message=message):
                    self._announce(message)
                case ResetChange():
                    for message in self._messages():
                        self._announce(message, silently=not self._has_history)
                    self._has_history = True

    def _announce(self, message: ChatMessage, *, silently: bool = False) -> None:
        if not is_final(message) or message.id in self._announced:
            return
        self._announced[message.id] = None
        while len(self._announced) > MAX_ANNOUNCED:
            self._announced.popitem(last=False)
        if silently or is_deleted(message):
            return
        for context, listener in list(self._listeners.values()):
            callback_thread().call(context, listener, message)
