"""Cancelling tasks without losing one's own cancellation."""

from __future__ import annotations

import asyncio
from typing import Any


async def cancel_and_wait(*tasks: asyncio.Task[Any]) -> None:
    """Cancel ``tasks`` and return once they are done; what they raise is not raised here.

    ``suppress(CancelledError): await task`` would swallow the caller's own cancellation too: here it passes.
    """
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
