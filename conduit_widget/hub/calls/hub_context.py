"""A mounted hub from outside its methods: for background work, HTTP routes, other hubs."""

from __future__ import annotations

from dataclasses import dataclass

from conduit_widget.hub.delivery.clients import HubClients
from conduit_widget.hub.delivery.groups import Groups


@dataclass(frozen=True, slots=True)
class HubContext:
    """The clients and groups of one mounted hub; get it from ``HubApp.hub_context(path)``."""

    clients: HubClients
    groups: Groups
