"""What tests of actions share: a model that numbers its answers, and how a person presses an action."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from playwright.async_api import Locator

from tests.support.network.raw_http_server import RawReply, RawRequest

CONFIG: Final = """
[[providers]]
name = "house"
base_url = "{url}"
model = "scripted"
"""
CODE: Final = "print('from', 'the chat')"
HELD: Final = "hold"
"""A question with this word is answered half; the rest waits for the test."""


class House:
    """A model that numbers its answers."""

    def __init__(self) -> None:
        self.answers = 0
        self.go_on = asyncio.Event()

    async def __call__(self, request: RawRequest, reply: RawReply) -> None:
        """Answer a request."""
        if request.method == "GET":
            await reply.json({"data": [{"id": "scripted"}]})
            return
        self.answers += 1
        await reply.start_stream()
        await reply.delta(f"This is answer {self.answers}. ")
        if HELD in request.json["messages"][-1]["content"]:
            await self.go_on.wait()
        await reply.delta("It ends here.")
        await reply.delta("", finish_reason="stop")
        await reply.event("[DONE]")


async def answer_with_code(request: RawRequest, reply: RawReply) -> None:
    """Answer whatever is asked with :data:`CODE`, as a model writes it."""
    if request.method == "GET":
        await reply.json({"data": [{"id": "scripted"}]})
        return
    await reply.start_stream()
    await reply.delta(f"Try this:\n\n```python\n{CODE}\n```\n")
    await reply.delta("", finish_reason="stop")
    await reply.event("[DONE]")


def configure(data_dir: Path, url: str) -> None:
    """Write the hub's ``config.toml``."""
    data_dir.mkdir(mode=0o700)
    (data_dir / "config.toml").write_text(CONFIG.format(url=url), encoding="utf-8")


async def act(message: Locator, name: str) -> None:
    """Look at a message and press one of its actions."""
    await message.hover()
    await message.get_by_role("toolbar").get_by_role("button", name=name, exact=True).click()


def button(place: Locator, name: str) -> Locator:
    """The button of that exact name."""
    return place.get_by_role("button", name=name, exact=True)
