"""``GET conduit/api/me``: who the signed-in user is in the chat, and where its browser parts are."""

from __future__ import annotations

import json

from tornado import web

from conduit_widget import __version__
from conduit_widget.jupyter.guarded import Guarded


class MeHandler(Guarded):
    """Tells a page what it needs before it opens a view."""

    @web.authenticated
    async def get(self) -> None:
        """Answer in JSON; ``static`` is the address of the browser parts on this server."""
        person, identity = self.person(), (await self.hub_access()).identity
        told = {
            "userId": identity.user_id,
            "userName": identity.user_name,
            "initials": person.initials,
            "color": person.color,
            "avatarUrl": person.avatar_url,
            "canWrite": await self.may_write(),
            "version": __version__,
            "static": self.extension.static_url,
        }
        self.set_header("Cache-Control", "no-store")
        await self.finish(json.dumps({name: value for name, value in told.items() if value is not None}))
