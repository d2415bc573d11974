"""A scripted hub and the processes of one person, who look at their queue often."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from conduit_widget.chat_client.sending import sender, watching
from tests.support.kernel.scripted_processes import Hub, Process

POLL = 0.02


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the queue often."""
    for name in ("POLL", "CALM_POLL"):
        monkeypatch.setattr(watching, name, POLL)
    monkeypatch.setattr(sender, "POLL", POLL)


@pytest.fixture
def hub() -> Hub:
    """What everybody talks to."""
    return Hub()


@pytest.fixture
async def process(hub: Hub, tmp_path: Path, quick: None) -> AsyncIterator[Callable[..., Process]]:
    """Start processes of one person."""
    async with AsyncExitStack() as stack:

        def start(user: str | None = "ann", *, start_error: Exception | None = None) -> Process:
            made = Process(hub, tmp_path, user)
            made.connection.start_error = start_error
            stack.push_async_callback(made.end)
            made.conversation.open()
            return made

        yield start
