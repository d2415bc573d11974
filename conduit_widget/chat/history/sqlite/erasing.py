"""What was taken out leaves the file in the background, a slice a transaction, so that no write waits long.

First the rows of deleted conversations, then the words in the index that no message has any more; last the
write-ahead log is emptied.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from typing import Final

from conduit_widget.chat.history.group_commit import GroupCommitWriter
from conduit_widget.chat.history.sqlite import conversations as sqlite_conversations, search as sqlite_search
from conduit_widget.errors import StoreUnavailableError

_logger = logging.getLogger(__name__)

GATHER_SECONDS: Final = 0.5
"""How long the first deletion waits for others: merging the index costs the same for one or many."""
RETRY_SECONDS: Final = 5.0
CLOSE_SECONDS: Final = 2.0
"""How long closing goes on with it; what is left then is done after the next start."""


class _Slice:
    """One slice; the write-ahead log is emptied after the last one."""

    leaves_nothing = False

    def __call__(self, db: sqlite3.Connection) -> bool:
        """Do it; return whether there is more to do."""
        if sqlite_conversations.erase(db):
            return True
        had_words = sqlite_search.has_remains(db)
        has_more = sqlite_search.tidy(db)
        self.leaves_nothing = had_words and not has_more
        return has_more


class Erasing:
    """Erases while others write; as long as it worked, it rests."""

    def __init__(self, writer: GroupCommitWriter) -> None:
        self._writer = writer
        self._is_wanted = False
        self._task: asyncio.Task[None] | None = None

    def request(self) -> None:
        """Erase soon; something was taken out, or may have been by an earlier process."""
        self._is_wanted = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def now(self) -> None:
        """Erase all there is."""
        while True:
            began = time.monotonic()
            if not await self._writer.write(_Slice()):
                return
            await asyncio.sleep(time.monotonic() - began)

    async def aclose(self) -> None:
        """Do what can be done in a short time."""
        task, self._task = self._task, None
        if task is None or task.done():
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                while await self._writer.write(_Slice()):
                    pass
        except (TimeoutError, StoreUnavailableError):
            _logger.info("What was deleted is taken out of the history's file after the next start.")

    async def _run(self) -> None:
        while self._is_wanted:
            self._is_wanted = False
            await asyncio.sleep(GATHER_SECONDS)
            try:
                await self.now()
            except StoreUnavailableError:  # the writer says so in the log
                self._is_wanted = True
                await asyncio.sleep(RETRY_SECONDS)
