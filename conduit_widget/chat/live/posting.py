"""People's messages on their way into the log: each is sent once, whoever learns first that it is committed.

The store tells of a commit right after it, in the order of commits (:meth:`_Post.committed`). Where that news
does not come, because the store failed in between, the message is looked for in the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from conduit_widget.chat.history.store import Commit, OnCommit
from conduit_widget.chat.live.conversation_log import ConversationLog
from conduit_widget.chat.people.conversation_presence import ConversationPresence
from conduit_widget.contract import ChatEvent
from conduit_widget.errors import ConduitError, StoreUnavailableError
from conduit_widget.types import Author, ChatMessage, LogEvent, SendReceipt

SETTLE_DELAY: Final = 1.0
"""Seconds in which the news of a commit usually comes, also when nobody waits for it any more."""
LINGER: Final = 60.0
"""Seconds after which a queued write of which no news has come is taken for lost."""


class Posting:
    """Appends messages to one conversation's log; who posts has stopped typing."""

    def __init__(self, log: ConversationLog, presence: ConversationPresence) -> None:
        self.log = log
        self.presence = presence

    async def append(
        self,
        author: Author,
        message: ChatMessage,
        answer: ChatMessage | None,
        on_commit: OnCommit,
        *,
        is_root: bool = False,
    ) -> SendReceipt:
        """Commit a message and its answer's placeholder, then send both to the group.

        ``on_commit`` is called right after the commit, for a first append and for a repeated one. With
        ``is_root`` the message continues none.
        """
        store, conversation_id = self.log.store, self.log.conversation_id

        def write(committed: OnCommit) -> Awaitable[Commit]:
            return store.append(
                conversation_id,
                author.user_id,
                message,
                answer=answer,
                is_root=is_root,
                on_commit=committed,
            )

        post = _Post(self, author, message, answer, on_commit)
        return await self.log.work.pinned(self._write(post, write))

    async def append_answer(self, author: Author, answer: ChatMessage, on_commit: OnCommit) -> SendReceipt:
        """Commit the placeholder of another answer to an older message, then send it to the group."""
        store, conversation_id = self.log.store, self.log.conversation_id
        post = _Post(self, author, answer, answer, on_commit)
        return await self.log.work.pinned(
            self._write(
                post, lambda committed: store.append_answer(conversation_id, answer, on_commit=committed)
            )
        )

    async def _write(self, post: _Post, write: Callable[[OnCommit], Awaitable[Commit]]) -> SendReceipt:
        log = self.log
        post.own_new_answer()
        try:
            commit = await write(post.committed)
        except asyncio.CancelledError:
            # The store goes on with what it has queued.
            log.work.persistently(lambda: post.settle(LINGER))
            raise
        except StoreUnavailableError:
            if post.answer is not None:  # it must be written, if it has been committed after all
                log.work.persistently(lambda: post.settle(0.0))
            raise
        except ConduitError:
            post.disown_answer()
            raise
        if commit.duplicate:
            post.disown_answer()
            log.feed.expect(commit.receipt.seq)
        return commit.receipt


class _Post:
    """One message, and its answer's placeholder."""

    __slots__ = ("_author", "_news", "_on_commit", "_owns", "_posting", "answer", "is_committed", "message")

    def __init__(
        self,
        posting: Posting,
        author: Author,
        message: ChatMessage,
        answer: ChatMessage | None,
        on_commit: OnCommit,
    ) -> None:
        self._posting = posting
        self._author = author
        self.message = message
        self.answer = answer
        self._on_commit = on_commit
        self.is_committed = False
        self._news: asyncio.Event | None = None
        self._owns = False

    def own_new_answer(self) -> None:
        """This node will write the answer, unless it is written already: this is a retry then."""
        if self.answer is not None and not self._posting.log.nodes.has(self.answer.id):
            self.own_answer()

    def own_answer(self) -> None:
        """This node will write the answer."""
        if self.answer is not None:
            self._owns = True
            self._posting.log.nodes.own(self.answer.id)

    def disown_answer(self) -> None:
        """There will be no such answer, or somebody else has it."""
        if self.answer is not None and self._owns:
            self._posting.log.nodes.disown(self.answer.id)

    def committed(self, commit: Commit) -> None:
        """Announce the commit, and have the answer begun; later news of the same commit change nothing."""
        if self.is_committed:
            return
        self.is_committed = True
        if self._news is not None:
            self._news.set()
        if not commit.duplicate:
            self.own_answer()
        self._posting.presence.stop_typing(self._author.user_id)
        try:
            self._posting.log.announce(commit)
        finally:
            self._on_commit(commit)

    async def settle(self, linger: float) -> None:
        """Learn what became of an append that failed, or whose caller is gone.

        If the store does not have the message yet, its write may still be queued for ``linger`` seconds.
        """
        if await self._heard(SETTLE_DELAY) or await self._find() or await self._heard(linger):
            return
        self.disown_answer()

    async def _heard(self, patience: float) -> bool:
        """Wait for the store's news of the commit."""
        if not self.is_committed:
            self._news = asyncio.Event()
            try:
                await asyncio.wait_for(self._news.wait(), patience)
            except TimeoutError:
                return False
        return True

    async def _find(self) -> bool:
        """Look for the messages in the store."""
        log = self._posting.log
        ids = list(dict.fromkeys(each.id for each in (self.message, self.answer) if each is not None))
        wires = [await log.store.message(log.conversation_id, id_) for id_ in ids]
        events = tuple(
            LogEvent(seq=wire["metadata"]["seq"], target=ChatEvent.RECEIVE_MESSAGE, arguments=[wire])
            for wire in wires
            if wire is not None
        )
        if len(events) < len(ids):
            return False
        receipt = SendReceipt(
            id=self.message.id,
            seq=events[0].seq,
            timestamp=events[0].arguments[0]["metadata"]["timestamp"],
            answer_id=None if self.answer is None else self.answer.id,
        )
        self.committed(Commit(receipt=receipt, events=events))
        return True
