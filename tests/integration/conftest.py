"""What several integration tests share."""

from __future__ import annotations

import pytest

from conduit_widget.transports import websocket_server


@pytest.fixture
def short_goodbyes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the hub cut a client that does not answer a close after 0.2 s; it never will, it does not read."""
    monkeypatch.setattr(websocket_server, "CLOSE_TIMEOUT", 0.2)
