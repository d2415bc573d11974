"""The model is made ready while the first person is still typing."""

from __future__ import annotations

from pathlib import Path

from tests.support.chat.server import chat_server
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually


async def test_provider_is_started_by_the_first_join(tmp_path: Path) -> None:
    """Joining starts the default provider in the background; nothing was asked yet."""
    provider = ScriptedProvider()
    async with chat_server(tmp_path / "h", provider) as server, server.person("ann") as ann:
        await ann.join()
        await eventually(lambda: provider.starts)
        assert provider.requests == []


async def test_join_works_without_a_model(tmp_path: Path) -> None:
    """With no provider at all people can still talk; the warm-up's failure is nobody's error."""
    async with chat_server(tmp_path / "h", None) as server, server.person("ann") as ann:
        await ann.join()
        assert (await ann.send("hello", respond=False))["seq"] > 0
