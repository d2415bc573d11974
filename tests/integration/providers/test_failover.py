"""Who may answer a message when a provider fails, and who hears of that and of models that come and go."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.client import HubConnection
from conduit_widget.contract import STATUS_HUB_PATH, ChatEvent, StatusEvent
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.directory import ProviderDirectory
from conduit_widget.providers.provider_config import ProviderConfig
from tests.support.chat.server import ChatServer, chat_server
from tests.support.hub.server import token
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.providers.failover_faults import WHOLE, go_on
from tests.support.waiting import eventually

NAMES = ("acme", "backup")


@contextlib.asynccontextmanager
async def failing_first(folder: Path, models: list[str]) -> AsyncIterator[ChatServer]:
    """A hub with two providers; the first lists ``models`` and refuses every question."""

    async def refuse(request: RawRequest, reply: RawReply) -> None:
        if request.method == "GET":
            await reply.json({"data": [{"id": name} for name in models]})
        else:
            await reply.json({"error": {"message": "no"}}, status=503)

    async def answer(request: RawRequest, reply: RawReply) -> None:
        if request.method == "GET":
            await reply.json({"data": [{"id": "m2"}]})
        else:
            await go_on(request, reply)

    async with RawHttpServer(refuse) as first, RawHttpServer(answer) as second:
        configs = [
            ProviderConfig(name=name, base_url=server.base_url, model=f"m{number}")
            for number, (name, server) in enumerate(zip(NAMES, (first, second), strict=True), 1)
        ]
        settings = ProviderSettings(configured=tuple(configs), detect=False, models_dir=folder / "models")
        directory = ProviderDirectory(settings, check_interval=0.02, models_interval=0.02)
        await directory.start()
        try:
            await eventually(lambda: all(each.state == "healthy" for each in directory.statuses()))
            async with chat_server(folder / "h.db", directory=directory) as server:
                yield server
        finally:
            await directory.aclose()


@pytest.mark.parametrize(
    ("metadata", "answered"),
    [
        ({}, True),
        ({"failover": False}, False),
        ({"provider": "acme"}, False),
        ({"provider": "acme", "failover": True}, True),
    ],
)
async def test_a_message_says_whether_another_provider_may_answer(
    tmp_path: Path, metadata: dict[str, Any], answered: bool
) -> None:
    """Where it says nothing one may, unless it names its provider."""
    async with failing_first(tmp_path, ["m1"]) as server, server.person("ann") as ann:
        await ann.join()
        answer = await ann.final((await ann.send("Count.", **metadata))["answerId"])
        assert answer["content"] == (WHOLE if answered else "")
        assert ("segments" in answer["metadata"]) is answered
        assert bool(ann.of(ChatEvent.PROVIDER_FAILOVER)) is answered


async def test_only_those_inside_learn_which_answer_it_was(tmp_path: Path) -> None:
    """Everybody hears that a provider failed; the conversation is named to the people in it."""
    async with (
        failing_first(tmp_path, ["m1"]) as server,
        server.person("ann") as ann,
        server.person("eve") as eve,
    ):
        heard: list[dict[str, Any]] = []
        status = HubConnection(server.url + STATUS_HUB_PATH, access_token=token("bob"), retry=None)
        status.on(StatusEvent.PROVIDER_FAILOVER, heard.append)
        async with status:
            await ann.join("secret-room")
            answer_id = (await ann.send("Count.", conversation_id="secret-room"))["answerId"]
            ((inside,),) = await ann.got(ChatEvent.PROVIDER_FAILOVER)
            ((outside,),) = await eve.got(ChatEvent.PROVIDER_FAILOVER)
            await eventually(lambda: heard == [outside])
        assert (inside["conversationId"], inside["messageId"]) == ("secret-room", answer_id)
        assert (outside["conversationId"], outside["messageId"]) == (None, None)
        assert (outside["from"]["provider"], outside["to"]) == ("acme", {"provider": "backup", "model": "m2"})
        assert "secret-room" not in repr(eve.events)


async def test_models_that_come_and_go_are_told(tmp_path: Path) -> None:
    """On both hubs, with what is there now; nothing is asked of a model for that."""
    models = ["m1"]
    async with failing_first(tmp_path, models) as server, server.person("ann") as ann:
        models[:] = ["m1", "new"]
        ((came,),) = await ann.got(StatusEvent.MODEL_AVAILABILITY_CHANGED)
        assert (came["provider"], came["added"], came["removed"]) == ("acme", ["new"], [])
        models[:] = ["m1"]
        went = (await ann.got(StatusEvent.MODEL_AVAILABILITY_CHANGED, 2))[1][0]
        assert (went["added"], went["removed"], went["models"]) == ([], ["new"], ["m1"])
