"""The part of ``Chat`` that calls a user's functions when something happens."""

from __future__ import annotations

import contextvars
import inspect
from collections.abc import Callable
from typing import Any

from conduit_widget.kernel.loop_thread import LoopThread
from conduit_widget.types import ChatMessage
from conduit_widget.widget.chat.backend import ChatBackend
from conduit_widget.widget.listening.change_listeners import ChangeListeners, Listening
from conduit_widget.widget.listening.message_listeners import Listener
from conduit_widget.widget.listening.status_listeners import StatusListener


class ChatListening:
    """``on_message``, ``on_mention`` and ``on_status`` of a chat.

    The functions are called in a background thread of their own, one call at a time: they may block and may
    use this chat. What they print appears under the cell that registered them; what they raise is logged.
    Each method returns what ends the listening when it is called.
    """

    _thread: LoopThread

    def _backend_now(self) -> Callable[[], ChatBackend]:
        """Return what returns the chat's backend, also after it went on in another conversation."""
        raise NotImplementedError

    def on_message(self, function: Listener) -> Listening:
        """Call ``function(message)`` for every finished message from now on::

        stop = chat.on_message(print)
        """
        return self._listen("on_message", function, function, lambda backend: backend.listeners)

    def on_mention(self, function: Listener) -> Listening:
        """Call ``function(message)`` for every message of others that speaks to you (``@`` and your name)::

        chat.on_mention(lambda message: print(f"{message.author.user_name} asks for you"))
        """
        backend_now = self._backend_now()

        def told(message: ChatMessage) -> None:
            if _speaks_to(message, backend_now().identity.user_id):
                function(message)

        return self._listen("on_mention", function, told, lambda backend: backend.listeners)

    def on_status(self, function: StatusListener) -> Listening:
        """Call ``function(status)`` whenever the connection or a provider is in another state::

            chat.on_status(lambda status: print(status.connection, status.providers))

        ``status`` has ``connection`` (as :attr:`connection` ``.state``), ``message`` (why it is not live) and
        ``providers``, the state of each by its name.
        """
        return self._listen("on_status", function, function, lambda backend: backend.status_listeners)

    def _listen(
        self,
        name: str,
        given: Any,
        function: Callable[[Any], object],
        of: Callable[[ChatBackend], ChangeListeners],
    ) -> Listening:
        if not callable(given):
            raise TypeError(f"{name} needs a function, not {type(given).__name__}.")
        if inspect.iscoroutinefunction(given):
            raise TypeError(f"{name} needs a plain function; inside it, use `.result()` to wait.")
        key, backend_now, context = object(), self._backend_now(), contextvars.copy_context()
        self._thread.call(lambda: of(backend_now()).add(key, context, function))
        return Listening(lambda: self._thread.call(lambda: of(backend_now()).remove(key)), name)


def _speaks_to(message: ChatMessage, user_id: str) -> bool:
    mentions = message.metadata.get("mentions")
    is_own = message.author is not None and message.author.user_id == user_id
    return isinstance(mentions, list) and user_id in mentions and not is_own
