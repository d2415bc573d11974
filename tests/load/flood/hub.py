"""The hub that is flooded: one echo method, the contract's limits, the log of a hub on stderr."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from conduit_widget.app.interpreter import tune_for_hub
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.auth.local_authority import LocalAuthority
from conduit_widget.hub.calls.hub import Hub, hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.open_files import raise_open_file_limit
from conduit_widget.hub.server import serve

PATH: Final = "/hubs/echo"
SECRET: Final = b"a secret of the measurement, 32 bytes"


class Echo(Hub):
    """One method."""

    @hub_method("Echo")
    async def echo(self, caller: HubConnectionContext, value: Any) -> Any:
        """Return what came."""
        return value


def main() -> None:
    """Serve until SIGTERM; print the URL."""
    logging.basicConfig(level=logging.INFO)
    tune_for_hub()
    app = HubApp({PATH: Echo()}, authenticator=LocalAuthority(SECRET))
    raise_open_file_limit(app.limits.connections_per_process)
    asyncio.run(serve(app, on_ready=lambda url: print(url, flush=True)))


if __name__ == "__main__":
    main()
