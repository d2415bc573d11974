"""One view of a conversation without a kernel: what a widget does in a kernel, done in the Jupyter server.

Everything here runs on the loop thread, except the constructor.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from conduit_widget.access.hub_access import HubAccess
from conduit_widget.errors import ConduitError, trace_of
from conduit_widget.kernel.comm_batcher import Comm, CommBatcher
from conduit_widget.kernel.loop_thread import LoopThread
from conduit_widget.widget.chat.backend import ChatBackend
from conduit_widget.widget.chat.views import ChatViews
from conduit_widget.widget.connections import connections_of

_logger = logging.getLogger(__name__)

READING: Final = frozenset(
    {
        *("hello", "here", "bye", "ping", "retry", "painted", "chunk", "health", "providers"),
        *("history", "around", "search", "transcript", "conversations", "export", "read", "pinned"),
        *("fileRead", "fileRows"),
    }
)
"""What a view may say whose user may only read; see also :func:`_only_reads`."""

READ_ONLY: Final = "Your Jupyter account may read here and not write."


class ViewSession:
    """The Python half of one view.

    Args:
        thread: the loop thread.
        access: the hub, and who the user is there.
        conversation_id: the conversation to begin in.
        comm: the way to the view.
        may_write: whether the user may write. The hub would refuse as well; this does it in plain words.

    """

    def __init__(
        self, thread: LoopThread, access: HubAccess, conversation_id: str, comm: Comm, *, may_write: bool
    ) -> None:
        self._thread = thread
        self._access = access
        self._conversation_id = conversation_id
        self._comm = comm
        self._may_write = may_write
        self._views: ChatViews | None = None

    async def open(self) -> None:
        """Begin to connect."""
        connections = connections_of(self._thread)
        self._views = ChatViews(
            lambda name: ChatBackend(name, self._access, connections),
            self._conversation_id,
            # Of its own: no view waits for the turn of another, a socket has no limit for them all.
            CommBatcher(asyncio.get_running_loop().call_later),
            self._comm,
            read_only="" if self._may_write else READ_ONLY,
        )
        self._views.open()

    async def handle(self, content: object) -> None:
        """Act on a message of the view."""
        if self._views is None:
            return
        try:
            if self._may_write or _only_reads(content):
                self._views.handle(content)
            elif isinstance(content, dict) and "requestId" in content:
                self._views.refuse(content["requestId"], ConduitError(READ_ONLY))
        except Exception as error:  # noqa: BLE001 - one message that fails must not end the view
            _logger.error("A message of a view failed: %s", trace_of(error))  # noqa: TRY400

    async def leave(self) -> None:
        """Leave as the last view of a widget does: soon, and not before what was sent has arrived."""
        views, self._views = self._views, None
        if views is not None:
            await views.leave()


def _only_reads(content: Any) -> bool:
    match content:
        case {"kind": "conversation", "action": "open"} | {"kind": "members", "action": "list"}:
            return True
        case {"kind": str() as kind}:
            return kind in READING
        case _:
            return False
