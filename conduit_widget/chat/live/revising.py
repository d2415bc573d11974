"""What is done to messages of one conversation after they were written, sent to everybody when committed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from conduit_widget.chat.history.store import Commit, Reaction
from conduit_widget.chat.live.conversation_log import ConversationLog
from conduit_widget.errors import StoreUnavailableError
from conduit_widget.types import Content, SendReceipt

REACTION_INTERVAL: Final = 0.1
"""Seconds between two versions of a message that only differ in reactions."""


class Revising:
    """Changes messages in one conversation's log."""

    def __init__(self, log: ConversationLog) -> None:
        self._log = log
        self._reactions: dict[str, list[tuple[Reaction, asyncio.Future[None]]]] = {}
        self._reacting: set[str] = set()

    async def delete(self, message_id: str, user_id: str, on_commit: Callable[[], None]) -> None:
        """Put a tombstone in a message's place; ``on_commit`` is called right before everybody is told."""

        def committed(commit: Commit) -> None:
            try:
                on_commit()
            finally:
                self._rewritten(commit)

        log = self._log
        await log.work.pinned(log.store.delete(log.conversation_id, message_id, user_id, on_commit=committed))

    async def revise(self, message_id: str, content: Content) -> SendReceipt:
        """Give a message that was never answered another text in its place.

        Raises:
            AnsweredError: it has been answered.

        """
        log = self._log
        commit = await log.work.pinned(
            log.store.revise(log.conversation_id, message_id, content, on_commit=self._rewritten)
        )
        return commit.receipt

    async def react(self, message_id: str, reaction: Reaction) -> None:
        """Set a user's reaction, or take it away.

        The first is committed at once. Those that come soon after it are committed together, so that many
        people who react make few versions of a message.

        Raises:
            ValidationError: the message was deleted, or has as many reactions as it may.

        """
        decided: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._reactions.setdefault(message_id, [])
        waiting.append((reaction, decided))
        if message_id not in self._reacting:
            self._reacting.add(message_id)
            self._log.work.persistently(lambda: self._commit_reactions(message_id))
        await decided

    async def pin(self, message_id: str, user_id: str, *, is_on: bool) -> None:
        """Pin a message for everybody, or take its pin away.

        Raises:
            ValidationError: the message was deleted, or as many are pinned as may be.

        """
        log = self._log
        await log.work.pinned(
            log.store.pin(log.conversation_id, message_id, user_id, is_on=is_on, on_commit=log.announce)
        )

    async def _commit_reactions(self, message_id: str) -> None:
        """Commit a message's reactions as they come, until none has for a while."""
        try:
            while waiting := self._reactions.pop(message_id, []):
                await self._commit_some(message_id, waiting)
                await asyncio.sleep(REACTION_INTERVAL)
        finally:
            self._reacting.discard(message_id)
            for _, decided in self._reactions.pop(message_id, []):
                if not decided.done():
                    decided.set_exception(StoreUnavailableError())

    async def _commit_some(
        self, message_id: str, waiting: list[tuple[Reaction, asyncio.Future[None]]]
    ) -> None:
        log = self._log
        refusals: Sequence[Exception | None]
        try:
            reactions = [reaction for reaction, _ in waiting]
            done = await log.store.react(
                log.conversation_id,
                message_id,
                reactions,
                on_commit=lambda reacted: log.announce(reacted.commit),
            )
            refusals = done.refusals
        except asyncio.CancelledError:
            refusals = [StoreUnavailableError()] * len(waiting)
            raise
        except Exception as error:  # noqa: BLE001 - each of the callers gets it
            refusals = [error] * len(waiting)
        finally:
            for (_, decided), refusal in zip(waiting, refusals, strict=True):
                if decided.done():
                    continue
                if refusal is None:
                    decided.set_result(None)
                else:
                    decided.set_exception(refusal)

    def _rewritten(self, commit: Commit) -> None:
        """Announce a commit that took text out of the log."""
        for event in commit.events:
            self._log.nodes.forget(event.seq - 1)
        self._log.announce(commit)
