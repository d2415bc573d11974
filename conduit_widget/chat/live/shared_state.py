"""What everybody in a live conversation shares that stands in no log: settings, and who has read how far."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from conduit_widget.chat.history.store import ConversationRecord, HistoryStore
from conduit_widget.chat.live.conversation_work import ConversationWork
from conduit_widget.chat.live.stream_fan_out import Event
from conduit_widget.chat.nodes.channel import Configured, Deleted, HaveRead, News
from conduit_widget.chat.nodes.other_nodes import Nodes
from conduit_widget.chat.people.conversation_presence import Send
from conduit_widget.chat.people.read_marks import ReadMarks
from conduit_widget.contract import ChatEvent
from conduit_widget.types import (
    AssistantSetting,
    ConversationPatch,
    ConversationSettings,
    JoinResult,
    MemberRole,
    ResumeResult,
)

R = TypeVar("R", JoinResult, ResumeResult)


class SharedState:
    """The settings and the read marks of one conversation; a change is sent to everybody on every node.

    ``have_read()`` is called after a mark rose, ``gone()`` when another node has deleted the conversation.
    """

    def __init__(
        self,
        record: ConversationRecord,
        store: HistoryStore,
        work: ConversationWork,
        nodes: Nodes,
        reads: ReadMarks,
        *,
        send: Send,
        have_read: Callable[[], None],
        gone: Callable[[], None],
    ) -> None:
        self.reads = reads
        self._record = record
        self._store = store
        self._work = work
        self._nodes = nodes
        self._send = send
        self._have_read = have_read
        self._gone = gone

    @property
    def assistant(self) -> AssistantSetting:
        """Whether the model answers what people write."""
        return self._record.assistant

    @property
    def system_prompt(self) -> str | None:
        """What its owner has set for every answer."""
        return self._record.system_prompt

    def settings(self, role: MemberRole | None = None) -> ConversationSettings:
        """Return the settings as people get them; ``role`` is the reader's own."""
        return settings_of(self._record, role)

    def events(self) -> list[Event]:
        """Return the events that make up for missed ones."""
        return [
            (ChatEvent.CONVERSATION_UPDATED, (self.settings(),)),
            (ChatEvent.READ_MARKS_UPDATED, (self._record.id, self.reads.all())),
        ]

    async def load(self) -> None:
        """Read the marks, unless they are known to be complete."""
        if not self.reads.is_fresh:
            self.reads.read(await self._store.read_marks(self._record.id))
            self._have_read()

    def added_to(self, result: R, role: MemberRole) -> R:
        """Return what somebody who comes in gets, with the shared state."""
        return msgspec.structs.replace(result, read_marks=self.reads.all(), conversation=self.settings(role))

    async def mark_read(self, user_id: str, seq: int) -> None:
        """Keep how far a user has read, and tell everybody; nothing to do where they have read further."""
        if seq <= self.reads.of(user_id):
            return
        marks = {user_id: await self._store.mark_read(self._record.id, user_id, seq)}
        if self._note(marks):
            self._nodes.tell(HaveRead(marks))

    async def configure(self, patch: ConversationPatch) -> bool:
        """Change the settings and tell everybody; return False if the conversation is gone."""
        record = await self._store.configure(self._record.id, patch)
        if record is None:
            return False
        self._configured(record)
        self._nodes.tell(Configured())
        return True

    def told(self, news: News) -> None:
        """Take in what another node said."""
        match news:
            case HaveRead(marks):
                self._note(marks)
            case Configured():
                self._work.persistently(self.read_again)
            case Deleted():
                self._work.persistently(self.read_again)

    async def read_again(self) -> None:
        """Read from the store what other nodes may have changed."""
        record = await self._store.find(self._record.id)
        if record is None or record.epoch != self._record.epoch:
            self._gone()
        else:
            self._configured(record)
            self._note(await self._store.read_marks(self._record.id))

    def _note(self, marks: dict[str, int]) -> bool:
        risen = self.reads.merge(marks)
        if risen:
            self._have_read()
        return bool(risen)

    def _configured(self, record: ConversationRecord) -> None:
        before, self._record = self.settings(), record
        if self.settings() != before:
            self._send(ChatEvent.CONVERSATION_UPDATED, self.settings())


def settings_of(record: ConversationRecord, role: MemberRole | None = None) -> ConversationSettings:
    """Return the settings of a stored conversation as people get them."""
    return ConversationSettings(
        conversation_id=record.id,
        visibility=record.visibility,
        assistant=record.assistant,
        title=record.title,
        system_prompt=record.system_prompt,
        pinned=record.pinned,
        role=role,
    )
