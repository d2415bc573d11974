"""Functions of the user's that hear every finished message, each once and none of the history."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

from conduit_widget.chat_client.conversation.conversation import ChangeHandler
from conduit_widget.chat_client.state.changes import Change, MessageChange, ResetChange
from conduit_widget.chat_client.state.messages import is_deleted, is_final
from conduit_widget.types import ChatMessage
from conduit_widget.widget.listening.change_listeners import ChangeListeners

Listener = Callable[[ChatMessage], object]

MAX_ANNOUNCED: Final = 2000


class MessageListeners(ChangeListeners):
    """The listeners of one chat for messages.

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
        super().__init__(subscribe)
        self._messages = messages
        self._has_joined = has_joined
        self._announced: OrderedDict[str, None] = OrderedDict()
        self._has_history = False

    def _begin(self) -> None:
        self._has_history = self._has_joined()
        for message in self._messages():
            self._announce(message, silently=True)

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
        if not silently and not is_deleted(message):
            self._tell(message)
