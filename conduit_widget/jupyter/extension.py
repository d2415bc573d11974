"""The server extension: its settings (``c.ConduitWidget``), its routes, its beginning and its end."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import traitlets
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.utils import url_path_join

from conduit_widget.jupyter.identity_source import SOURCES, Source, shares_kernels
from conduit_widget.jupyter.me import MeHandler
from conduit_widget.jupyter.moved_notebooks import follow_notebooks
from conduit_widget.jupyter.own_conversation import OwnConversationHandler
from conduit_widget.jupyter.relay.hub_proxy import HubProxy
from conduit_widget.jupyter.static_parts import StaticPart
from conduit_widget.jupyter.views.open_views import OpenSocket, OpenViews
from conduit_widget.jupyter.views.socket import ViewSocket
from conduit_widget.widget.browser.build import SERVED_VARIABLE, SHARED_VARIABLE

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

    from conduit_widget.jupyter.parts import Parts
    from conduit_widget.jupyter.relay.http_relay import HubHttp
    from conduit_widget.jupyter.relay.hub_tickets import HubTickets

PREFIX: Final = "conduit"
GOODBYE: Final = "The Jupyter server is going down."
_GOING_AWAY: Final = 1001


class ConduitWidget(ExtensionApp):
    """Serves the chat to pages of this Jupyter server."""

    name = "conduit_widget"

    identity: traitlets.Enum[Source] = traitlets.Enum(
        SOURCES,
        "auto",
        help="Who a signed-in user is in the chat. 'jupyter': as Jupyter names them. 'owner': the user of "
        "this machine, as in its kernels. 'auto': 'jupyter' where Jupyter knows people, else 'owner'.",
    ).tag(config=True)

    picture_hosts: traitlets.List[str] = traitlets.List(
        traitlets.Unicode(),
        help="Hosts whose pictures of Jupyter's users are shown, such as 'avatars.example.org', by https. "
        "Each is told the address of everybody who sees them. Pictures of this server, or in the address "
        "itself, are shown anyway.",
    ).tag(config=True)

    hub_url = traitlets.Unicode(
        "",
        help="Address of a shared hub; empty for the hub of this machine's user. A hub that was started with "
        "--jupyterhub-api knows users of JupyterHub; otherwise CONDUIT_HUB_TOKEN holds the owner's token.",
    ).tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.views = OpenViews()
        self.proxied: set[OpenSocket] = set()

    def initialize(self, argv: Any = None) -> None:
        """Add the routes. A failure costs the chat in this server, never the server."""
        try:
            super().initialize()  # type: ignore[no-untyped-call]
            self._tell_kernels()
            follow_notebooks(self.server)
        except Exception as error:  # noqa: BLE001 - whatever it is, Jupyter goes on without us
            from conduit_widget.errors import trace_of  # noqa: PLC0415 - as for `hub_http`

            self.log.error("conduit_widget: the server extension is off: %s", trace_of(error))  # noqa: TRY400

    def _tell_kernels(self) -> None:
        """Put into the environment what the kernels of this server inherit."""
        os.environ[SERVED_VARIABLE] = self.parts.hash
        if shares_kernels(self.identity, self.server.identity_provider, self.enabled_extensions):
            os.environ[SHARED_VARIABLE] = "1"
        if self.hub_url:
            from conduit_widget.jupyter.hub_choice import tell_kernels  # noqa: PLC0415 - as for `hub_http`

            tell_kernels(self.hub_url)

    def initialize_handlers(self) -> None:
        """Add the routes."""
        self.handlers.extend(
            [
                (f"{PREFIX}/api/me", MeHandler),
                (f"{PREFIX}/api/notebook", OwnConversationHandler),
                (f"{PREFIX}/static/([0-9a-f]+)/([a-z.-]+)", StaticPart),
                (f"{PREFIX}/view", ViewSocket),
                (f"{PREFIX}/(hubs|files)(/.*)?", HubProxy),
            ]
        )

    async def stop_extension(self) -> None:
        """Close every connection; what views have not sent yet is sent at the process's end."""
        self.views.close_all(_GOING_AWAY, GOODBYE)
        for socket in list(self.proxied):
            socket.close(_GOING_AWAY, GOODBYE)

    @cached_property
    def tickets(self) -> HubTickets:
        """The tokens of the users who are here."""
        from conduit_widget.jupyter.relay.hub_tickets import HubTickets  # noqa: PLC0415 - as for `hub_http`

        return HubTickets()

    @cached_property
    def hub_http(self) -> HubHttp:
        """The connections to the hub."""
        from conduit_widget.jupyter.relay.http_relay import HubHttp  # noqa: PLC0415 - costs a starting server nothing

        return HubHttp()

    @property
    def server(self) -> ServerApp:
        """The Jupyter server that has loaded the extension."""
        assert self.serverapp is not None
        return self.serverapp

    @property
    def enabled_extensions(self) -> set[str]:
        """The names of the server extensions that are on."""
        manager = self.server.extension_manager
        return {name for name, extension in manager.extensions.items() if extension.enabled}

    @property
    def static_url(self) -> str:
        """The path of the browser parts on this server."""
        return url_path_join(self.server.base_url, PREFIX, "static", self.parts.hash) + "/"

    @cached_property
    def parts(self) -> Parts:
        """The browser parts."""
        from conduit_widget.jupyter.parts import Parts  # noqa: PLC0415 - as for `hub_http`

        return Parts()
