"""Questions that wait for a provider's limit, and those that wait for nothing."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from conduit_widget.chat.settings import ChatSettings
from conduit_widget.contract import ChatMethod
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.directory import ProviderDirectory
from conduit_widget.providers.limits.limit_tracker import ProviderLimits
from conduit_widget.providers.provider_config import ProviderConfig
from tests.support.chat.server import Person, chat_server
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.providers.failover_faults import WHOLE, go_on
from tests.support.waiting import eventually


async def _play(request: RawRequest, reply: RawReply) -> None:
    if request.method == "GET":
        await reply.json({"data": [{"id": "m"}]})
    else:
        await go_on(request, reply)


@contextlib.asynccontextmanager
async def one_slot(folder: Path) -> AsyncIterator[tuple[Person, ProviderDirectory]]:
    """Somebody at a hub that writes one answer at a time; ``slow`` takes one question a minute."""
    async with RawHttpServer(_play) as server:
        configs = (
            ProviderConfig(
                name="slow", base_url=server.base_url, limits=ProviderLimits(requests_per_minute=1)
            ),
            ProviderConfig(name="free", base_url=server.base_url),
        )
        settings = ProviderSettings(configured=configs, detect=False, models_dir=folder / "models")
        directory = ProviderDirectory(settings)
        await directory.start()
        try:
            await eventually(lambda: all(each.state == "healthy" for each in directory.statuses()))
            chat = ChatSettings(concurrent_generations=1, generations_per_user=1)
            async with (
                chat_server(folder / "h.db", directory=directory, settings=chat) as server_,
                server_.person("ann") as ann,
            ):
                for conversation in ("c", "d", "e"):
                    await ann.join(conversation)
                yield ann, directory
        finally:
            await directory.aclose()


async def test_question_that_waits_for_a_limit_is_in_nobodys_way(tmp_path: Path) -> None:
    """Its slot writes other answers meanwhile; it can be stopped, and leaves the slot as it was."""
    async with one_slot(tmp_path) as (ann, directory):
        first = await ann.final((await ann.send("One.", provider="slow"))["answerId"])
        assert first["content"] == WHOLE
        waiting = (await ann.send("Two.", conversation_id="d", provider="slow"))["answerId"]
        await eventually(lambda: directory.statuses()[0].state == "rate_limited")
        for _ in range(2):
            other = await ann.send("Three.", conversation_id="e", provider="free")
            assert (await ann.final(other["answerId"]))["content"] == WHOLE
        await ann.invoke(ChatMethod.STOP_GENERATION, waiting)
        assert (await ann.final(waiting))["metadata"]["status"] == "cancelled"
        last = await ann.send("Four.", conversation_id="e", provider="free")
        assert (await ann.final(last["answerId"]))["content"] == WHOLE
