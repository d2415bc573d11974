"""Pinned messages over real sockets: who may, what everybody is told, what ends a pin."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from conduit_widget.contract import ChatEvent, ChatMethod
from conduit_widget.errors import HubException
from tests.support.chat.server import FAST, chat_server

QUIET = dataclasses.replace(FAST, assistant="off", visibility="members")


async def test_whoever_may_write_pins_for_everybody(tmp_path: Path) -> None:
    """Everybody is told who did; readers may only look; what is deleted is pinned no more."""
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
        server.person("rae") as rae,
    ):
        await ann.join()
        await ann.invoke(ChatMethod.ADD_MEMBER, "c", "bob")
        await ann.invoke(ChatMethod.ADD_MEMBER, "c", {"userId": "rae", "role": "reader"})
        await bob.join()
        await rae.join()
        await ann.send("hello", id_="m")
        for _ in range(2):
            await bob.invoke(ChatMethod.PIN_MESSAGE, "c", "m")
        [[message]] = await rae.got(ChatEvent.MESSAGE_UPDATED)
        assert message["metadata"]["pinned"]["by"] == "bob"
        for person in (ann, rae):
            pinned = await person.invoke(ChatMethod.LIST_PINNED, "c")
            assert [each["id"] for each in pinned] == ["m"]
        for refused in (ChatMethod.PIN_MESSAGE, ChatMethod.UNPIN_MESSAGE):
            with pytest.raises(HubException, match="Unauthorized"):
                await rae.invoke(refused, "c", "m")
        await ann.invoke(ChatMethod.UNPIN_MESSAGE, "c", "m")
        assert await rae.invoke(ChatMethod.LIST_PINNED, "c") == []
        await ann.invoke(ChatMethod.PIN_MESSAGE, "c", "m")
        await ann.invoke(ChatMethod.DELETE_MESSAGE, "m")
        assert await ann.invoke(ChatMethod.LIST_PINNED, "c") == []
        with pytest.raises(HubException, match="message: was deleted"):
            await ann.invoke(ChatMethod.PIN_MESSAGE, "c", "m")
        with pytest.raises(HubException, match="Unauthorized"):
            await ann.invoke(ChatMethod.PIN_MESSAGE, "c", "nobody")
        assert rae.log() == [1, 2, 3, 4, 5]
        async with server.person("eve") as eve:
            for method in (ChatMethod.PIN_MESSAGE, ChatMethod.UNPIN_MESSAGE):
                with pytest.raises(HubException, match="Unauthorized"):
                    await eve.invoke(method, "c", "m")
            with pytest.raises(HubException, match="Unauthorized"):
                await eve.invoke(ChatMethod.LIST_PINNED, "c")
