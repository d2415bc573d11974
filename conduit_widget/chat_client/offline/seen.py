"""Keeps what was seen of one conversation, and gives it back while the hub is away.

Everything here runs on the loop of the conversation; the file is read and written beside it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from conduit_widget.chat_client.offline.outbox import Keeper
from conduit_widget.chat_client.offline.seen_store import MAX_SEEN, SeenConversation, SeenState
from conduit_widget.errors import ConduitError, line_of
from conduit_widget.types import ChatMessage

REST: Final = 2.0
"""Seconds after a change in which further ones are waited for, before all are written."""

_logger = logging.getLogger(__name__)


class Seen:
    """What was seen of a conversation.

    Args:
        conversation_id: which conversation.
        keeper: where it is kept.
        spawn: starts a task that ends with the conversation.
        state: returns how far the conversation goes here, None while it is not known.
        messages: returns the finished messages that are known here, the oldest first, each with its position.

    """

    def __init__(
        self,
        conversation_id: str,
        keeper: Keeper,
        *,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        state: Callable[[], SeenState | None],
        messages: Callable[[], Sequence[tuple[int, ChatMessage]]],
    ) -> None:
        self._conversation_id = conversation_id
        self._keeper = keeper
        self._spawn = spawn
        self._state = state
        self._messages = messages
        self._written: dict[str, ChatMessage] = {}
        self._position = -1
        self._is_waiting = False
        self._turn = asyncio.Lock()

    def changed(self) -> None:
        """Write soon what is new."""
        if not self._is_waiting and self._keeper.seen is not None:
            self._is_waiting = True
            self._spawn(self._write_soon())

    async def _write_soon(self) -> None:
        try:
            await asyncio.sleep(REST)
        finally:
            self._is_waiting = False
        await self.write()

    async def write(self) -> None:
        """Write what is new; a failure is logged, and costs what is read while the hub is away."""
        state = self._state()
        if state is None or self._keeper.seen is None:
            return
        known = {message.id: (seq, message) for seq, message in self._messages()[-MAX_SEEN:]}
        new = [
            (id_, seq, message.to_wire())
            for id_, (seq, message) in known.items()
            if self._written.get(id_) is not message
        ]
        if not new and state.seq == self._position:
            return
        async with self._turn:
            place = await self._place()
            if place is None:
                return
            try:
                await asyncio.to_thread(self._keeper.seen.note, place, state, new)
            except ConduitError as error:
                _logger.warning("What was seen could not be kept: %s", line_of(error))
                return
        self._written = {id_: message for id_, (_, message) in known.items()}
        self._position = state.seq

    async def read(self) -> SeenConversation | None:
        """Return what was seen last, in this process or an earlier one."""
        if self._keeper.seen is None:
            return None
        place = await self._place()
        if place is None:
            return None
        try:
            return await asyncio.to_thread(self._keeper.seen.read, place)
        except ConduitError as error:
            _logger.warning("What was seen could not be read: %s", line_of(error))
            return None

    async def forget(self) -> None:
        """Let go of it: one may not read it any more."""
        self._written, self._position = {}, -1
        if self._keeper.seen is None:
            return
        async with self._turn:
            place = await self._place()
            if place is not None:
                try:
                    await asyncio.to_thread(self._keeper.seen.forget, place)
                except ConduitError as error:
                    _logger.warning("What was seen could not be let go of: %s", line_of(error))

    async def _place(self) -> Any:
        try:
            return await self._keeper.place(self._conversation_id)
        except ConduitError as error:
            _logger.warning("What was seen could not be found: %s", line_of(error))
            return None
