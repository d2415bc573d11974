"""``GET conduit/api/me``: who the signed-in user is in the chat, and where its browser parts are."""

from __future__ import annotations

import json

from tornado import web

from conduit_widget import __version__
from conduit_widget.jupyter.guarded import Guarded
from conduit_widget.runtime_file import keeps_seen


class MeHandler(Guarded):
    """Tells a page what it needs before it opens a view."""

    @web.authenticated
    async def get(self) -> None:
        """Answer in JSON; ``static`` is the address of the browser parts on this server."""
        identity, person = (await self.hub_access()).identity, self.person()
        told = {
            "userId": identity.user_id,
            "userName": identity.user_name,
            "initials": person.initials,
            "color": person.color,
            "avatarUrl": person.picture or None,
            "canWrite": await self.may_write(),
            "keepsSeen": keeps_seen(),
            "version": __version__,
            "static": self.extension.static_url,
        }
        self.set_header("Cache-Control", "no-store")
        await self.finish(json.dumps({name: value for name, value in told.items() if value is not None}))
