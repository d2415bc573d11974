"""What the tests of the client share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.signalr.raw_signalr_server import RawSignalRServer, raw_signalr_server


@pytest.fixture
async def server() -> AsyncIterator[RawSignalRServer]:
    """Return a raw server on a free port."""
    async with raw_signalr_server() as raw:
        yield raw
