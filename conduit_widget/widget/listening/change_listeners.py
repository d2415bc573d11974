"""What all listeners share: they are kept on the loop thread and called on the callback thread."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any

from conduit_widget.chat_client.conversation.conversation import ChangeHandler
from conduit_widget.chat_client.state.changes import Change
from conduit_widget.kernel.callback_thread import callback_thread


class Listening:
    """What ``chat.on_message`` and its like return: call it to end the listening."""

    def __init__(self, end: Callable[[], None], name: str = "on_message") -> None:
        self._end = end
        self._name = name
        self._has_ended = False

    def __call__(self) -> None:
        """End the listening; calling this twice does no harm."""
        self._has_ended = True
        self._end()

    def __repr__(self) -> str:
        state = "ended" if self._has_ended else "listening; call this to end it"
        return f"<{self._name}: {state}>"


class ChangeListeners:
    """The listeners of one chat for one kind of news; a subclass says what news there is.

    Args:
        subscribe: subscribes to the conversation's changes, and returns the unsubscriber.

    """

    def __init__(self, subscribe: Callable[[ChangeHandler], Callable[[], None]]) -> None:
        self._subscribe = subscribe
        self._unsubscribe: Callable[[], None] | None = None
        self._listeners: dict[object, tuple[contextvars.Context, Callable[[Any], object]]] = {}

    def __len__(self) -> int:
        return len(self._listeners)

    def add(self, key: object, context: contextvars.Context, listener: Callable[[Any], object]) -> None:
        """Call ``listener(news)`` in ``context`` from now on, until ``key`` is removed."""
        if self._unsubscribe is None:
            self._begin()
            self._unsubscribe = self._subscribe(self._on_changes)
        self._listeners[key] = (context, listener)

    def remove(self, key: object) -> None:
        """Remove the listener of ``key``, if it is there."""
        self._listeners.pop(key, None)
        if not self._listeners:
            self.clear()

    def move_to(self, others: ChangeListeners) -> None:
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

    def _tell(self, news: object) -> None:
        for context, listener in list(self._listeners.values()):
            callback_thread().call(context, listener, news)

    def _begin(self) -> None:
        """Note what is no news, because it was so before the first listener came."""
        raise NotImplementedError

    def _on_changes(self, changes: list[Change]) -> None:
        raise NotImplementedError
