"""``GET conduit/api/notebook?path=…``: a notebook's own conversation, as ``Chat()`` in its kernel has it."""

from __future__ import annotations

import asyncio
import json

from jupyter_core.utils import ensure_async
from tornado import web

from conduit_widget.jupyter.guarded import Guarded
from conduit_widget.jupyter.loading import loaded
from conduit_widget.jupyter.moved_notebooks import noted_place


class OwnConversationHandler(Guarded):
    """Tells a page which conversation belongs to the notebook that it shows."""

    @web.authenticated
    async def get(self) -> None:
        """Answer in JSON; ``path`` is the notebook's, from the root of the server.

        Only a notebook that is there has a conversation: what is asked for is noted, and any page may ask.
        """
        path = self.get_query_argument("path").strip("/")
        if not path.endswith(".ipynb") or ".." in path.split("/"):
            raise web.HTTPError(400, "path must be that of a notebook below the server's root folder.")
        await loaded()
        from conduit_widget.access.notebooks import (  # noqa: PLC0415 - as there
            notebook_conversation,
            possible_paths,
        )

        contents = self.settings["contents_manager"]
        for found in possible_paths(path):
            if await ensure_async(contents.file_exists(found)):
                break
        else:
            raise web.HTTPError(404, "There is no such notebook on this server.")
        place = noted_place(found, self.settings["kernel_manager"].root_dir)
        conversation = await asyncio.to_thread(notebook_conversation, place, is_shown=True)
        self.set_header("Cache-Control", "no-store")
        await self.finish(json.dumps({"conversation": conversation}))
