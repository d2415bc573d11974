"""One's conversations on a hub, as a table at the prompt and in a notebook."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from conduit_widget.access.hub_access import HubAccess, resolve_access
from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.kernel.loop_thread import LoopThread, loop_thread
from conduit_widget.types import ConversationInfo
from conduit_widget.widget.answers.pending_result import PendingResult
from conduit_widget.widget.chat.chat import Chat
from conduit_widget.widget.chat.connecting import CONNECT_TIMEOUT
from conduit_widget.widget.connections import connections_of
from conduit_widget.widget.tables.found_tables import ConversationEntry, ConversationTable


def conversations(
    *,
    user: str | None = None,
    user_name: str | None = None,
    hub_url: str | None = None,
    token: str | Callable[[], str | None] | None = None,
) -> ConversationTable[Chat]:
    """Return one's conversations, newest activity first; arguments as for ``Chat``.

    They are those that give one a role, and the open ones in which one has read or written; at most 200.

    Waits up to 30 s for the hub. ``conversations()[0].open()`` shows the newest one.

    Raises:
        ConduitError: the hub cannot be asked; the text says why.

    """
    who: dict[str, Any] = {"user": user, "user_name": user_name, "hub_url": hub_url, "token": token}
    access = resolve_access(hub_url=hub_url, token=token, user=user, user_name=user_name)
    thread = loop_thread()
    listing = PendingResult("conversations", thread.submit(_list(thread, access)))
    open_ = partial(Chat, **who)
    return ConversationTable(ConversationEntry(info, open_) for info in listing.result(CONNECT_TIMEOUT))


async def _list(thread: LoopThread, access: HubAccess) -> list[ConversationInfo]:
    lease = connections_of(thread).lease(access)
    try:
        await lease.started()
        return await ChatHubClient(lease.connection).list_conversations()
    finally:
        await lease.release()
