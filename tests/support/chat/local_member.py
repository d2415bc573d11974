"""Another member of the conversations of the hub that the kernels have started."""

from __future__ import annotations

from pathlib import Path

from conduit_widget.access.local_hub import mint
from conduit_widget.client import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH
from conduit_widget.runtime_file import HubRuntime, read_runtime
from tests.support.chat.server import Person


def local_member(data_dir: Path, name: str) -> Person:
    """Return somebody of that name, not connected yet: the hub starts with the first chat."""

    def hub() -> HubRuntime:
        runtime = read_runtime(data_dir)
        assert runtime is not None, "no hub runs"
        return runtime

    connection = HubConnection(
        lambda: hub().url + CHAT_HUB_PATH,
        access_token=lambda: mint(hub(), name.lower(), name).access_token,
        retry=None,
    )
    return Person(connection, name.lower())
