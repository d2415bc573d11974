"""A model behind an OpenAI-compatible server whose answer to a message is known in advance, word by word."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Mapping
from typing import Any, Final

from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest

MODEL: Final = "scripted"
PROMPT_TOKENS: Final = 7
_ASKED: Final = re.compile(r"\bmessage (\S+) ")


def script_of(message_id: str) -> str:
    """Return the answer to a message: 20 to 120 numbered words that name it; some not ASCII."""
    count = 20 + zlib.crc32(message_id.encode()) % 101
    return " ".join(f"{message_id}.{number}é😀" for number in range(count))


class ScriptedModel:
    """Answers ``message ID …`` with :func:`script_of`, a word each ``interval`` seconds.

    ``hold`` names messages whose answers stop after so many words and never end: for whoever ends the hub in
    the middle of one.
    """

    def __init__(self, interval: float = 0.03, hold: Mapping[str, int] | None = None) -> None:
        self._interval = interval
        self._hold = hold or {}
        self._server = RawHttpServer(self._reply)

    @property
    def environment(self) -> dict[str, str]:
        """What makes a hub use this model and no other."""
        return {
            "CONDUIT_PROVIDER_URL": self._server.base_url,
            "CONDUIT_MODEL": MODEL,
            "CONDUIT_DETECT": "0",
        }

    async def __aenter__(self) -> ScriptedModel:
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *details: object) -> None:
        await self._server.__aexit__(*details)

    async def _reply(self, request: RawRequest, reply: RawReply) -> None:
        if not request.path.endswith("/chat/completions"):
            await reply.json({"object": "list", "data": [{"id": MODEL, "object": "model"}]})
            return
        self._server.requests.clear()
        asked = _ASKED.findall(
            _text(request.json["messages"][-1]["content"])
        )  # earlier ones may stand before
        assert asked, "every question of these runs names itself"
        await reply.start_stream()
        words = script_of(asked[-1]).split(" ")
        for number, word in enumerate(words):
            if number == self._hold.get(asked[-1]):
                await request.closed.wait()
                return
            await reply.delta(word if number == 0 else f" {word}")
            await asyncio.sleep(self._interval)
        choice: dict[str, Any] = {"index": 0, "delta": {}, "finish_reason": "stop"}
        await reply.event({"model": MODEL, "choices": [choice]})
        if request.json.get("stream_options", {}).get("include_usage"):
            usage = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": len(words)}
            await reply.event({"model": MODEL, "choices": [], "usage": usage})
        await reply.event("[DONE]")


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)
