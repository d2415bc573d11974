"""Keeps a notebook's own conversation with it when this server moves, renames or deletes the file."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, cast

from jupyter_core.utils import ensure_async
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import to_os_path

from conduit_widget.jupyter.loading import has_loaded

CONTENTS_EVENTS: Final = "https://events.jupyter.org/jupyter_server/contents_service/v1"

_logger = logging.getLogger(__name__)


def follow_notebooks(server: ServerApp) -> None:
    """Note from now on what becomes of the notebooks of ``server``."""
    assert server.event_logger is not None
    server.event_logger.add_listener(schema_id=CONTENTS_EVENTS, listener=_listener(server))


def noted_place(path: str, root: str) -> str:
    """Return where a notebook is, as its kernels note it; ``path`` is the server's, ``root`` its folder."""
    from conduit_widget.access.notebooks import full_path  # noqa: PLC0415 - as for `_note`

    return full_path(to_os_path(cast("Any", path), root))


def _listener(server: ServerApp) -> Callable[[Any, str, dict[str, Any]], Coroutine[Any, Any, None]]:
    async def changed(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        try:
            await _note(server, data)
        except Exception as error:  # noqa: BLE001 - the server has done what it was asked, whatever we make of it
            from conduit_widget.errors import trace_of  # noqa: PLC0415 - costs a starting server nothing

            _logger.warning("A notebook's conversation does not follow it: %s", trace_of(error))

    return changed


async def _note(server: ServerApp, data: dict[str, Any]) -> None:
    if data["action"] not in {"rename", "delete"}:
        return
    # Imported when something happens: a server that starts pays nothing for it.
    from conduit_widget.access.notebooks import (  # noqa: PLC0415
        notebook_deleted,
        notebook_moved,
        plain_path,
    )

    root = server.kernel_manager.root_dir

    def place(path: str) -> str:
        return noted_place(path, root)

    if data["action"] == "delete":
        await asyncio.to_thread(notebook_deleted, place(data["path"]))
        return
    old, new = place(data["source_path"]), place(data["path"])
    sessions: list[dict[str, Any]] = await ensure_async(server.session_manager.list_sessions())
    # The page tells the session its new path before or after this.
    begun = [
        each
        for each in sessions
        if each.get("kernel") and {place(each["path"]), plain_path(place(each["path"]))} & {old, new}
    ]
    kernels = [each["kernel"]["id"] for each in begun]
    await asyncio.to_thread(notebook_moved, old, new, kernels)
    if has_loaded():
        from conduit_widget.widget.connections import notebooks_moved  # noqa: PLC0415

        notebooks_moved()
