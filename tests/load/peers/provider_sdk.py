"""The processor time of an answer through another library: ``provider_sdk.py NAME URL ROUNDS`` (seconds)."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

MESSAGES = [{"role": "user", "content": "?"}]


async def _openai(url: str) -> Any:
    import openai  # type: ignore[import-not-found, unused-ignore]

    client = openai.AsyncOpenAI(base_url=url, api_key="k", max_retries=0)
    return await client.chat.completions.create(model="m", messages=MESSAGES, stream=True)


async def _litellm(url: str) -> Any:
    import litellm  # type: ignore[import-not-found, unused-ignore]

    return await litellm.acompletion(
        model="openai/m", api_base=url, api_key="k", messages=MESSAGES, stream=True
    )


async def _best(name: str, url: str, rounds: int) -> float:
    ask = {"openai": _openai, "litellm": _litellm}[name]
    found = []
    for _ in range(rounds):
        answer = await ask(url)
        started = time.process_time()
        async for _chunk in answer:
            pass
        found.append(time.process_time() - started)
    return min(found)


if __name__ == "__main__":
    print(asyncio.run(_best(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
