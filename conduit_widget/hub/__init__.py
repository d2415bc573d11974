"""A generic SignalR hub as a pure ASGI app. It knows nothing of chat.

Write a hub, put it into an app, serve the app::

    from conduit_widget.hub import Hub, HubApp, LocalAuthority, hub_method

    class Rooms(Hub):
        @hub_method("Say")
        async def say(self, caller, room: str, text: str) -> None:
            self.groups.add(caller.connection_id, room)
            self.clients.group(room).send("Said", caller.user.user_name, text)

    app = HubApp({"/hubs/rooms": Rooms()}, authenticator=LocalAuthority(secret))

``auth`` and ``limits`` say who may do what, ``door`` lets connections in, ``transports`` carry them,
``connections`` keep them, ``calls`` run methods, ``delivery`` sends to clients, ``backplane`` joins
processes.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from conduit_widget.hub.app import HubApp as HubApp
    from conduit_widget.hub.auth.jwks import JwksAuthority as JwksAuthority
    from conduit_widget.hub.auth.local_authority import LocalAuthority as LocalAuthority
    from conduit_widget.hub.auth.principal import Principal as Principal
    from conduit_widget.hub.calls.hub import (
        Hub as Hub,
        HubContext as HubContext,
        HubFilter as HubFilter,
        HubInvocation as HubInvocation,
        hub_method as hub_method,
    )
    from conduit_widget.hub.delivery.connection import HubConnectionContext as HubConnectionContext
    from conduit_widget.hub.http import (
        Content as Content,
        HttpResponse as HttpResponse,
        error_response as error_response,
        json_response as json_response,
    )
    from conduit_widget.hub.limits.hub_limits import HubLimits as HubLimits
    from conduit_widget.hub.readiness import ReadinessCheck as ReadinessCheck
    from conduit_widget.hub.routes import Route as Route, RouteRequest as RouteRequest
    from conduit_widget.hub.server import serve as serve

# Name → module, imported at first use: a folder of this room can be imported without the others.
_HOMES: Final = {
    "Content": "http",
    "HttpResponse": "http",
    "Hub": "calls.hub",
    "HubApp": "app",
    "HubConnectionContext": "delivery.connection",
    "HubContext": "calls.hub",
    "HubFilter": "calls.hub",
    "HubInvocation": "calls.hub",
    "HubLimits": "limits.hub_limits",
    "JwksAuthority": "auth.jwks",
    "LocalAuthority": "auth.local_authority",
    "Principal": "auth.principal",
    "ReadinessCheck": "readiness",
    "Route": "routes",
    "RouteRequest": "routes",
    "error_response": "http",
    "hub_method": "calls.hub",
    "json_response": "http",
    "serve": "server",
}
__all__ = [  # noqa: PLE0604 - computed from the table above
    *_HOMES,
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
