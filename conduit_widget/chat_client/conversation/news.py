"""What the hub tells everybody, as one conversation shows it: how the providers are, and its notices."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

from conduit_widget.chat_client.connectivity import Connectivity
from conduit_widget.chat_client.conversation.tasks import Tasks
from conduit_widget.chat_client.pool import Lease
from conduit_widget.chat_client.state.changes import (
    Change,
    NoticeChange,
    NoticeLine,
    ProviderChange,
    ProvidersChange,
)
from conduit_widget.chat_client.state.transcript import Transcript
from conduit_widget.errors import ConduitError, line_of

MAX_NOTICES: Final = 20

_logger = logging.getLogger(__name__)


class News:
    """The connection's provider book and notices, turned into changes of a conversation.

    ``notices`` are the newest, each with the position in the transcript behind which it came.
    """

    def __init__(
        self,
        lease: Lease,
        transcript: Transcript,
        connectivity: Connectivity,
        tasks: Tasks,
        emit: Callable[[list[Change]], None],
    ) -> None:
        self.notices: deque[NoticeLine] = deque(maxlen=MAX_NOTICES)
        self._providers = lease.providers
        self._pace = lease.pace
        self._transcript = transcript
        self._connectivity = connectivity
        self._tasks = tasks
        self._emit = emit
        self._asking: asyncio.Task[None] | None = None

    def open(self) -> Callable[[], None]:
        """Begin to listen; returns what ends it."""
        return self._providers.subscribe(self._on_providers, self._on_notice)

    def ask(self) -> None:
        """Ask the hub how its providers are; they are told as changes."""
        is_asking = self._asking is not None and not self._asking.done()
        if self._connectivity.info.state == "live" and not is_asking:
            self._asking = self._tasks.spawn(self._refresh())

    def ask_first(self) -> None:
        """Ask once for all conversations of the connection, in turn with their joins."""
        if not self._providers.is_known:
            self._tasks.spawn(self._refresh_in_turn())

    async def _refresh(self) -> None:
        with contextlib.suppress(ConduitError):  # it is asked again
            await self._providers.refresh()

    async def _refresh_in_turn(self) -> None:
        await self._pace.turn()
        if self._providers.is_known:  # another conversation of this connection asked
            return
        try:
            await self._providers.refresh()
        except ConduitError as error:
            _logger.info("No provider status: %s", line_of(error))

    def _on_providers(self, *, is_line_new: bool) -> None:
        providers = self._providers
        changes: list[Change] = [
            ProvidersChange(providers=providers.figures(), failovers=list(providers.failovers))
        ]
        if is_line_new:
            changes.append(ProviderChange(provider=providers.current))
        self._emit(changes)

    def _on_notice(self, notice: NoticeLine) -> None:
        if notice.kind == "failover" and notice.conversation_id != self._transcript.conversation_id:
            return  # another conversation's; it stands among the providers' figures
        notice = msgspec.structs.replace(notice, after_seq=self._transcript.seq)
        self.notices.append(notice)
        self._emit([NoticeChange(notice=notice)])
