"""What every handler of the extension asks first: who it is, from where, and whether they may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from jupyter_core.utils import ensure_async
from jupyter_server.auth.identity import User
from jupyter_server.base.handlers import APIHandler
from tornado import web

from conduit_widget.jupyter.identity_source import Source
from conduit_widget.jupyter.loading import loaded
from conduit_widget.jupyter.views.open_views import OpenSocket, OpenViews

if TYPE_CHECKING:
    from conduit_widget.access.hub_access import HubAccess
    from conduit_widget.jupyter.identity import Person
    from conduit_widget.jupyter.parts import Parts
    from conduit_widget.jupyter.relay.http_relay import HubHttp
    from conduit_widget.jupyter.relay.hub_tickets import HubTickets

RESOURCE: Final = "conduit_widget"
"""The resource that an authorizer is asked about: ``read`` lets a user in."""


class Extension(Protocol):
    """The settings and the state of the extension, as its handlers use them."""

    identity: Source
    picture_hosts: list[str]
    views: OpenViews
    proxied: set[OpenSocket]

    @property
    def tickets(self) -> HubTickets:
        """The tokens of the users who are here."""

    @property
    def parts(self) -> Parts:
        """The browser parts."""

    @property
    def hub_http(self) -> HubHttp:
        """The connections to the hub."""

    @property
    def enabled_extensions(self) -> set[str]:
        """The names of the server extensions that are on."""

    @property
    def static_url(self) -> str:
        """The path of the browser parts on this server."""


class Guarded(APIHandler):
    """Lets in who is signed in, comes from a page of this server and may read, as the authorizer says.

    Jupyter's ``prepare`` checks the host, the user and (of what may change something) the XSRF token.
    """

    auth_resource = RESOURCE

    async def prepare(self, *, _redirect_to_login: bool = False) -> None:
        """Let in or refuse (403)."""
        self.request.uri = self.request.path  # what Jupyter logs; a query may hold secrets
        # Not APIHandler's: it takes no argument, and answers another origin with 404.
        await super(APIHandler, self).prepare(_redirect_to_login=False)
        if self.current_user is None:
            raise web.HTTPError(403, "Sign in to Jupyter first.")
        if not self.check_origin():
            raise web.HTTPError(403, "The page is none of this server's.")
        if not await self._may("read", RESOURCE):
            raise web.HTTPError(403, "Your Jupyter account may not use the chat.")

    @property
    def extension(self) -> Extension:
        """The extension that this handler belongs to."""
        return cast("Extension", self.settings["conduit_widget"])

    def person(self) -> Person:
        """Return who the signed-in user is in the chat.

        Raises:
            HTTPError: the hub takes no such user.

        """
        # Imported when somebody asks: a server that starts pays nothing for it.
        from conduit_widget.errors import ConduitError  # noqa: PLC0415
        from conduit_widget.jupyter.identity import person_of  # noqa: PLC0415

        extension, user = self.extension, cast("User", self.current_user)
        try:
            return person_of(
                user,
                extension.identity,
                self.identity_provider,
                extension.enabled_extensions,
                extension.picture_hosts,
            )
        except ConduitError as error:
            raise web.HTTPError(403, str(error)) from None

    async def hub_access(self) -> HubAccess:
        """Return the hub, and who the signed-in user is there; without the right to run code they only read.

        Raises:
            HTTPError: the hub takes no such user, or is not theirs.

        """
        await loaded()
        from conduit_widget.errors import ConduitError  # noqa: PLC0415
        from conduit_widget.jupyter.hub_choice import choose_hub  # noqa: PLC0415

        try:
            return choose_hub(self.person(), may_write=await self.may_write())
        except ConduitError as error:
            raise web.HTTPError(403, str(error)) from None

    async def may_write(self) -> bool:
        """Return whether the user may write: whoever may not run code here may only read."""
        return await self._may("execute", "kernels")

    async def _may(self, action: str, resource: str) -> bool:
        verdict = self.authorizer.is_authorized(self, cast("User", self.current_user), action, resource)
        return bool(await ensure_async(cast("Any", verdict)))
