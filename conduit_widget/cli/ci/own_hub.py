"""A hub of a run's own: started at once, asked what it used, ended with the run."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Final

from conduit_widget.access import local_hub
from conduit_widget.access.hub_access import resolve_access
from conduit_widget.chat_client.hub_proxies import StatusHubClient
from conduit_widget.client import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH, STATUS_HUB_PATH
from conduit_widget.errors import ConduitError
from conduit_widget.types import ProviderStatus

START_TIMEOUT: Final = 60.0
STOP_TIMEOUT: Final = 60.0


class OwnHub:
    """``with OwnHub(data_dir) as hub``; ``CONDUIT_DATA_DIR`` names the same directory."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> OwnHub:
        self._process = local_hub.start_child(self._data_dir, timeout=START_TIMEOUT)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def description(self) -> str:
        """Return one line: the hub, and who answers in it."""
        runtime = local_hub.find(self._data_dir)
        if runtime is None:
            return "a hub of its own, which ended too early."
        with contextlib.suppress(ConduitError):
            first = asyncio.run(_first_provider())
            model = f", model {first.models[0]}" if first.models else ""
            reason = f" ({first.reason})" if first.reason else ""
            return f"a hub of its own at {runtime.url}; provider {first.provider}{model}{reason}"
        return f"a hub of its own at {runtime.url}; it did not say who answers."


async def _first_provider() -> ProviderStatus:
    access = resolve_access()
    url = (await access.url()).replace(CHAT_HUB_PATH, STATUS_HUB_PATH)
    async with HubConnection(url, access_token=await access.token(), retry=None) as connection:
        statuses = await StatusHubClient(connection).request_provider_status()
    return statuses[0]
