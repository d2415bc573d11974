"""Our hub: a method that sends to a group; metrics, limits, outboxes and liveness as everywhere."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.load.peers.hub_common import allow_files, ready, text

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from conduit_widget.hub.app import HubApp
from conduit_widget.hub.auth.local_authority import LocalAuthority
from conduit_widget.hub.calls.hub import Hub, hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.hub.server import serve

TEXT = text(len('{"type":1,"target":"Said","arguments":[""]}\x1e'))
SECRET = b"a secret of the measurement, 32 bytes"
PLENTY = 1_000_000


class Echo(Hub):
    """One method."""

    async def on_connected(self, caller: HubConnectionContext) -> None:
        """Join the group."""
        self.groups.add(caller.connection_id, "everyone")

    @hub_method("Go")
    async def go(self, caller: HubConnectionContext) -> None:
        """Send to everybody."""
        self.clients.group("everyone").send("Said", TEXT)


def main() -> None:
    """Serve until killed."""
    allow_files()
    limits = HubLimits(
        invocations_per_second=PLENTY,
        invocation_burst=PLENTY,
        connections_per_user=PLENTY,
        negotiates_per_minute=0,
    )
    app = HubApp({"/hubs/echo": Echo()}, authenticator=LocalAuthority(SECRET), limits=limits)
    asyncio.run(serve(app, on_ready=lambda url: ready(int(url.rpartition(":")[2]))))


main()
