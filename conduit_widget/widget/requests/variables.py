"""Variables of the kernel: which there are, and what a model would be told of them.

Only a chat's own widget answers these, never a view that reaches the hub without the kernel: whoever can send
a message to a kernel may run code there, and so see every variable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeVar

from conduit_widget.context.described import CONTEXT_BYTES, MAX_ITEMS, MAX_NAME_CHARS
from conduit_widget.context.gathering import gathered
from conduit_widget.context.namespace import current_namespace
from conduit_widget.errors import ConduitError, ValidationError
from conduit_widget.kernel.daemon_executor import DaemonExecutor
from conduit_widget.widget.requests.handler import AskedChat, Serve

T = TypeVar("T")

PATIENCE: Final = 8.0
"""Seconds in which a value has to be described; its own code may block."""
MAX_READING: Final = 4
"""How many descriptions may be under way: code that blocks keeps its thread."""
MAX_QUERY_CHARS: Final = 500


class _Readers:
    """Threads that describe values: neither a cell's nor the loop's."""

    def __init__(self) -> None:
        self._executor = DaemonExecutor()
        self._reading = 0

    async def run(self, function: Callable[[], T]) -> T:
        """Return ``function()``, called on a thread of its own.

        Raises:
            ConduitError: too many still run, or it takes too long; it is left to itself then.

        """
        if self._reading >= MAX_READING:
            raise ConduitError("Other variables are still being read: interrupt what they do, or restart.")
        self._reading += 1
        call = self._executor.submit(function)
        call.add_done_callback(lambda _: self._done())
        try:
            return await asyncio.wait_for(asyncio.wrap_future(call), PATIENCE)
        except TimeoutError:
            raise ConduitError(f"Reading it takes more than {PATIENCE:g} s; ask with a part of it.") from None

    def _done(self) -> None:
        self._reading -= 1


_readers: Final = _Readers()


def handle(content: object, _chat: AskedChat, serve: Serve) -> bool:
    """List variables, or describe some."""
    match content:
        case {"kind": "variables", "requestId": request_id, "query": str() as query}:
            serve(request_id, _list(query[:MAX_QUERY_CHARS]))
        case {"kind": "context", "requestId": request_id, "names": list() as names, **rest}:
            serve(request_id, _describe(names, rest.get("left")))
        case _:
            return False
    return True


async def _list(query: str) -> list[dict[str, Any]]:
    namespace = current_namespace()
    return [each.to_wire() for each in await _readers.run(lambda: namespace.listed(query))]


async def _describe(names: list[Any], left: object) -> list[dict[str, Any]]:
    """Return what is told of each name that means something here."""
    if len(names) > MAX_ITEMS:
        raise ValidationError("context", f"has {len(names)} entries; the limit is {MAX_ITEMS}")
    room = left if isinstance(left, int) and 0 <= left <= CONTEXT_BYTES else CONTEXT_BYTES
    namespace = current_namespace()
    asked = [name for name in names if isinstance(name, str) and len(name) <= MAX_NAME_CHARS]
    known = [name for name in asked if namespace.has(name)]
    return [each.to_wire() for each in await _readers.run(lambda: gathered(known, namespace, room))]
