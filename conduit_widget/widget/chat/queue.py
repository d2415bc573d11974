"""The part of ``Chat`` about what waits for the hub."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from conduit_widget.widget.chat.backend import ChatBackend
from conduit_widget.widget.requests.queue import outbox_of, reword_queued
from conduit_widget.widget.tables.queued_table import Queued, QueuedTable

_T = TypeVar("_T")
Wait = Callable[[Coroutine[Any, Any, Any]], Any]


class ChatQueue:
    """``chat.queued``."""

    @property
    def _backend(self) -> ChatBackend:
        raise NotImplementedError

    def _wait(self, reading: Coroutine[Any, Any, _T]) -> _T:
        raise NotImplementedError

    @property
    def queued(self) -> QueuedTable:
        """What waits for the hub in this conversation, in the order in which it is sent.

        Messages, edits, deletions and reactions that could not be sent are kept on disk, and sent in order as
        soon as one of your kernels has a way to the hub. Each has ``edit``, ``delete``, ``move`` and, where
        the hub refused it (``reason``), ``send_again``::

            chat.queued
            chat.queued[0].edit("Something better.")
        """
        backend = self._backend
        return self._wait(_read(backend, self._wait))


class _Acts:
    """Does what is asked of an entry, on the loop thread, and waits until it is on disk."""

    def __init__(self, backend: ChatBackend, wait: Wait) -> None:
        self._backend = backend
        self._wait = wait

    def edit(self, entry_id: str, text: str) -> None:
        self._do(lambda: reword_queued(self._backend.conversation, entry_id, text))

    def delete(self, entry_id: str) -> None:
        self._do(lambda: outbox_of(self._backend.conversation).remove(entry_id))

    def move(self, entry_id: str, to: int) -> None:
        self._do(lambda: outbox_of(self._backend.conversation).move(entry_id, to))

    def send_again(self, entry_id: str) -> None:
        self._do(lambda: outbox_of(self._backend.conversation).again(entry_id))

    def _do(self, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def work() -> None:
            await act()
            self._backend.conversation.sender.queue_changed()

        self._wait(work())


async def _read(backend: ChatBackend, wait: Wait) -> QueuedTable:
    await backend.came_back()
    outbox = backend.conversation.sender.outbox
    if outbox is None:
        return QueuedTable()
    await outbox.refresh()
    acts = _Acts(backend, wait)
    return QueuedTable(Queued(each, acts) for each in outbox.shown)
