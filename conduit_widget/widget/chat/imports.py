"""Bringing in conversations that were held elsewhere, from Python."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from conduit_widget.access.hub_access import HubAccess, resolve_access
from conduit_widget.chat_client.conversation.requests import Requests
from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.kernel.loop_thread import LoopThread, loop_thread
from conduit_widget.widget.answers.pending_result import PendingResult
from conduit_widget.widget.chat.chat import Chat
from conduit_widget.widget.connections import connections_of
from conduit_widget.widget.tables.imported_table import ImportedEntry, ImportedTable
from conduit_widget.widget.take_along.bringing import Bringing, Brought
from conduit_widget.widget.take_along.import_run import OnProgress, brought, checked_path


def import_conversation(
    path: str | Path,
    *,
    on_progress: OnProgress | None = None,
    user: str | None = None,
    user_name: str | None = None,
    hub_url: str | None = None,
    token: str | Callable[[], str | None] | None = None,
) -> ImportedTable[Chat]:
    """Bring in the conversations of a file; each becomes one of yours, with its branches, times and models.

    ``path``: an export of a chat (``.json``), of ChatGPT (``conversations.json`` or the ``.zip`` it comes in)
    or of LibreChat (``.json``). No model is asked for it. The same file again goes on where it stopped, and
    doubles nothing. ``on_progress(done, total)`` is told of messages; the others are as for ``Chat``::

        conduit_widget.import_conversation("conversations.json")[0].open()

    Raises:
        ValidationError: the file cannot be used; the text says what is wrong with it.
        OSError: it cannot be read.
        ConduitError: the hub cannot be reached, or cannot do it.

    """
    who: dict[str, Any] = {"user": user, "user_name": user_name, "hub_url": hub_url, "token": token}
    file = checked_path(path)
    access = resolve_access(hub_url=hub_url, token=token, user=user, user_name=user_name)
    thread = loop_thread()
    results = PendingResult("import", thread.submit(_import(thread, access, file, on_progress))).result()
    return ImportedTable(ImportedEntry(each, partial(Chat, **who)) for each in results)


async def _import(
    thread: LoopThread, access: HubAccess, path: Path, on_progress: OnProgress | None
) -> list[Brought]:
    lease = connections_of(thread).lease(access)
    try:
        requests = Requests("", ChatHubClient(lease.connection))
        return await brought(Bringing(requests, lease.started), path, on_progress)
    finally:
        await lease.release()
