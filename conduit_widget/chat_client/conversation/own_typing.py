"""Tells the others in a conversation that oneself types."""

from __future__ import annotations

import asyncio
import contextlib

from conduit_widget.chat_client.connectivity import Connectivity
from conduit_widget.chat_client.conversation.tasks import Tasks
from conduit_widget.chat_client.conversation.typing_signal import TypingSignal
from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.errors import ConduitError


class OwnTyping:
    """One's own typing in one conversation; a hint, told only while the conversation is live."""

    def __init__(
        self, conversation_id: str, hub: ChatHubClient, connectivity: Connectivity, tasks: Tasks
    ) -> None:
        self._conversation_id = conversation_id
        self._hub = hub
        self._connectivity = connectivity
        self._tasks = tasks
        self._signal: TypingSignal | None = None

    def set(self, *, is_typing: bool) -> None:
        """Note that oneself types (with every keystroke, if you like) or has stopped."""
        if self._connectivity.info.state != "live":
            return
        if self._signal is None:
            self._signal = TypingSignal(
                lambda typing: self._tasks.spawn(self._tell(is_typing=typing)), asyncio.get_running_loop()
            )
        if is_typing:
            self._signal.touch()
        else:
            self._signal.clear()

    def forget(self) -> None:
        """Assume the hub knows nothing (a new connection, or a message that ended the typing)."""
        if self._signal is not None:
            self._signal.forget()

    async def _tell(self, *, is_typing: bool) -> None:
        tell = self._hub.start_typing if is_typing else self._hub.stop_typing
        with contextlib.suppress(ConduitError):  # a hint; the next keystroke says it again
            await tell(self._conversation_id)
