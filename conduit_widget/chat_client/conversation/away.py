"""A conversation while the hub is away: what was seen of it, and as of when."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from conduit_widget.chat_client.connectivity import Connectivity
from conduit_widget.chat_client.offline.outbox import Keeper
from conduit_widget.chat_client.offline.seen import Seen
from conduit_widget.chat_client.offline.seen_store import SeenState
from conduit_widget.chat_client.state.changes import Change, ConnectionInfo, MessageChange, ResetChange
from conduit_widget.chat_client.state.messages import is_final, seq_of
from conduit_widget.chat_client.state.transcript import Transcript
from conduit_widget.types import ChatMessage

ChangeHandler = Callable[[list[Change]], None]


class Away:
    """Keeps what is seen of a conversation, and shows it where the hub cannot be asked.

    Args:
        transcript: the conversation.
        connectivity: says whether the hub is there.
        keeper: where it is kept; None keeps nothing.
        spawn: starts a task that ends with the conversation.
        emit: tells changes to everybody.
        told: called when :attr:`as_of` has changed.

    """

    def __init__(
        self,
        transcript: Transcript,
        connectivity: Connectivity,
        keeper: Keeper | None,
        *,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        emit: ChangeHandler,
        told: Callable[[], None],
    ) -> None:
        self.as_of: int | None = None
        """As of when (epoch ms) the conversation is shown; None while it is up to date."""
        self._transcript = transcript
        self._connectivity = connectivity
        self._spawn = spawn
        self._emit = emit
        self._told = told
        self._has_looked = False
        self._seen: Seen | None = None
        if keeper is not None:
            self._seen = Seen(
                transcript.conversation_id, keeper, spawn=spawn, state=self._state, messages=self._finished
            )

    def changed(self, changes: Sequence[Change]) -> None:
        """Keep what is new, soon."""
        if self._seen is not None and any(isinstance(each, MessageChange | ResetChange) for each in changes):
            self._seen.changed()

    def link_changed(self, info: ConnectionInfo) -> None:
        """Note from when on nothing more is heard; where nothing was yet, show what was seen before."""
        if info.state in ("live", "removed"):
            self._is_as_of(None)
        elif self.as_of is None and self._transcript.joined:
            self._is_as_of(round(time.time() * 1000))
        elif self._seen is not None and info.message and not (self._transcript.joined or self._has_looked):
            self._has_looked = True
            self._spawn(self._show(self._seen))

    def removed(self) -> None:
        """Let go of everything: one may not read it any more."""
        if self._seen is not None:
            self._spawn(self._seen.forget())

    async def closed(self) -> None:
        """Keep what is new, now."""
        if self._seen is not None:
            await self._seen.write()

    async def _show(self, seen: Seen) -> None:
        """Show what was seen in an earlier process: the first attempt to reach the hub has failed."""
        found = await seen.read()
        changes = [] if found is None else self._transcript.show_seen(found.messages)
        if changes and found is not None:
            self._emit(changes)
            self._is_as_of(round(found.as_of * 1000))

    def _is_as_of(self, moment: int | None) -> None:
        if moment != self.as_of:
            self.as_of = moment
            self._told()

    def _state(self) -> SeenState | None:
        transcript = self._transcript
        if not (transcript.joined and transcript.epoch) or self._connectivity.info.state == "removed":
            return None
        return SeenState(transcript.epoch, transcript.seq, transcript.oldest_seq or 0)

    def _finished(self) -> list[tuple[int, ChatMessage]]:
        messages = ((seq_of(each), each) for each in self._transcript.messages if is_final(each))
        return [(seq, each) for seq, each in messages if seq is not None]
