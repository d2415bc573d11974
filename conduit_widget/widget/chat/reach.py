"""What a chat does beyond its newest messages: find, read it all, take it along."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from conduit_widget.errors import ValidationError
from conduit_widget.kernel.loop_thread import LoopThread
from conduit_widget.text.times import iso_time
from conduit_widget.types import SearchOptions
from conduit_widget.widget.answers.pending_result import PendingResult
from conduit_widget.widget.chat.backend import ChatBackend
from conduit_widget.widget.chat.history import ChatHistory
from conduit_widget.widget.tables.found_tables import FoundMessages
from conduit_widget.widget.tables.imported_table import ImportedEntry, ImportedTable
from conduit_widget.widget.take_along.bringing import Bringing
from conduit_widget.widget.take_along.formats import Format, exported, format_of
from conduit_widget.widget.take_along.import_run import OnProgress, brought, checked_path
from conduit_widget.widget.take_along.taken import taken_from

_T = TypeVar("_T")


class ChatReach:
    """``search``, ``history``, ``export`` and ``import_`` of a chat."""

    _thread: LoopThread
    _other: Callable[[str], Any]
    """Returns a chat of another conversation, of the same person at the same hub."""

    @property
    def _backend(self) -> ChatBackend:
        raise NotImplementedError

    def _pending(self, what: str, coroutine: Coroutine[Any, Any, _T]) -> PendingResult[_T]:
        raise NotImplementedError

    def search(
        self,
        query: str,
        *,
        everywhere: bool = False,
        author: str | None = None,
        role: Literal["user", "assistant"] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 20,
    ) -> PendingResult[FoundMessages]:
        """Find the newest messages that have every word and every "quoted phrase" of ``query``.

        The beginning of the last word is enough. ``everywhere``: in all of one's conversations. ``author`` is
        a user's id; ``since`` (from then on) and ``until`` (before then) are times.

        Raises:
            ValidationError: the query is no text, or a time is no ``datetime``.
            HubException (when awaited): the query or an option is not one the hub takes; the text says why.

        """
        if not isinstance(query, str):
            raise ValidationError("query", f"must be a string, not {type(query).__name__}.")
        backend = self._backend
        options = SearchOptions(
            conversation_id=None if everywhere else backend.conversation_id,
            author=author,
            role=role,
            since=_moment("since", since),
            until=_moment("until", until),
            limit=limit,
        )
        return self._pending("search", _search(backend, query, options))

    def history(self) -> ChatHistory:
        """Return everything that was said, oldest first, to iterate over (``for``, ``async for``)."""
        return ChatHistory(self._thread, self._backend.conversation)

    def export(self, path: str | Path, *, format: Format | None = None) -> PendingResult[Path]:  # noqa: A002 - the plain word
        """Write the whole conversation to a file; the result is its path.

        The suffix says how: ``.md``, ``.json`` (everything, see ``take_along/formats.py``), ``.html`` (a page
        that stands alone) or ``.ipynb``; ``format`` overrides it.

        Raises:
            ValidationError: there is no such format.
            OSError: the file cannot be written (when awaited).

        """
        wanted = format_of(path, format)
        return self._pending("export", _export(self._backend, Path(path), wanted))

    def import_(
        self, path: str | Path, *, on_progress: OnProgress | None = None
    ) -> PendingResult[ImportedTable[Any]]:
        """Bring in the conversations of a file, each as a new one of yours; see ``import_conversation``.

        This chat stays where it is: ``chat.import_(path).result()[0].open()`` shows what was said last.

        Raises:
            ValidationError: there is no such file, or it cannot be used (when awaited).
            ConduitError: the hub cannot be reached, or cannot do it (when awaited).

        """
        work = _import(self._backend, checked_path(path), on_progress, self._other)
        return self._pending("import", work)


def _moment(name: str, value: datetime | None) -> str | None:
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise ValidationError(name, f"must be a datetime.datetime, not {type(value).__name__}.")
    return iso_time(value)


async def _search(backend: ChatBackend, query: str, options: SearchOptions) -> FoundMessages:
    await backend.conversation.connectivity.wait_live()
    return FoundMessages((await backend.conversation.requests.search(query, options)).hits)


async def _import(
    backend: ChatBackend, path: Path, on_progress: OnProgress | None, open_: Callable[[str], Any]
) -> ImportedTable[Any]:
    conversation = backend.conversation
    bringing = Bringing(conversation.requests, conversation.connectivity.wait_live)
    results = await brought(bringing, path, on_progress)
    return ImportedTable(ImportedEntry(each, open_) for each in results)


async def _export(backend: ChatBackend, path: Path, wanted: Format) -> Path:
    taken = await taken_from(backend.conversation)
    await asyncio.to_thread(lambda: path.write_text(exported(taken, wanted), encoding="utf-8"))
    return path
