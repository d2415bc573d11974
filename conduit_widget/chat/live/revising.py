"""What is done to messages of one conversation after they were written, sent to everybody when committed."""

from __future__ import annotations

from collections.abc import Callable

from conduit_widget.chat.history.store import Commit
from conduit_widget.chat.live.conversation_log import ConversationLog


class Revising:
    """Changes messages in one conversation's log."""

    def __init__(self, log: ConversationLog) -> None:
        self._log = log

    async def delete(self, message_id: str, user_id: str, on_commit: Callable[[], None]) -> None:
        """Put a tombstone in a message's place; ``on_commit`` is called right before everybody is told."""

        def committed(commit: Commit) -> None:
            try:
                on_commit()
            finally:
                self._rewritten(commit)

        log = self._log
        await log.work.pinned(log.store.delete(log.conversation_id, message_id, user_id, on_commit=committed))

    def _rewritten(self, commit: Commit) -> None:
        """Announce a commit that took text out of the log."""
        for event in commit.events:
            self._log.nodes.forget(event.seq - 1)
        self._log.announce(commit)
