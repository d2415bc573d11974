"""What several integration tests share."""

from __future__ import annotations

import pytest

from conduit_widget.hub.transports import long_polling
from conduit_widget.transports.server import websocket as websocket_server


@pytest.fixture
def short_goodbyes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the hub give up after 0.2 s who neither answers a close nor polls after it: who never will."""
    for module in (websocket_server, long_polling):
        monkeypatch.setattr(module, "CLOSE_TIMEOUT", 0.2)
