"""Variables of the kernel: which there are, and what a model would be told of them.

Only a chat's own widget answers these, never a view that reaches the hub without the kernel. Where pages say
whose they are, those of the kernel's own user alone are answered.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any, Final, TypeVar

from conduit_widget.access.hub_access import resolve_access
from conduit_widget.context.described import CONTEXT_BYTES, MAX_ITEMS, MAX_NAME_CHARS
from conduit_widget.context.gathering import gathered
from conduit_widget.context.namespace import current_namespace
from conduit_widget.errors import ConduitError, ValidationError
from conduit_widget.kernel.daemon_executor import DaemonExecutor
from conduit_widget.plain_text import shown
from conduit_widget.widget.requests.handler import AskedChat, Serve

T = TypeVar("T")

PATIENCE: Final = 8.0
"""Seconds in which a value has to be described; its own code may block."""
MAX_READING: Final = 4
"""How many descriptions may be under way: code that blocks keeps its thread."""
MAX_QUERY_CHARS: Final = 500
JUPYTERHUB_USER: Final = "JUPYTERHUB_USER"
"""The variable in which JupyterHub names the person whose server, and so whose kernel, this is."""


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
        case {"kind": "variables", "requestId": request_id, "query": str() as query, **rest}:
            serve(request_id, _list(query[:MAX_QUERY_CHARS], rest.get("user")))
        case {"kind": "context", "requestId": request_id, "names": list() as names, **rest}:
            serve(request_id, _describe(names, rest.get("left"), rest.get("user")))
        case _:
            return False
    return True


async def _list(query: str, user: object) -> list[dict[str, Any]]:
    _check_owner(user)
    namespace = current_namespace()
    return [each.to_wire() for each in await _readers.run(lambda: namespace.listed(query))]


async def _describe(names: list[Any], left: object, user: object) -> list[dict[str, Any]]:
    """Return what is told of each name that means something here."""
    _check_owner(user)
    if len(names) > MAX_ITEMS:
        raise ValidationError("context", f"has {len(names)} entries; the limit is {MAX_ITEMS}")
    room = left if isinstance(left, int) and 0 <= left <= CONTEXT_BYTES else CONTEXT_BYTES
    namespace = current_namespace()
    asked = [name for name in names if isinstance(name, str) and len(name) <= MAX_NAME_CHARS]
    known = [name for name in asked if namespace.has(name)]
    return [each.to_wire() for each in await _readers.run(lambda: gathered(known, namespace, room))]


def _check_owner(user: object) -> None:
    """Refuse a page that says it is somebody else's than the kernel."""
    owner = resolve_access().identity.user_id
    if user is not None and user not in {owner, os.environ.get(JUPYTERHUB_USER)}:
        raise ConduitError(f"Only {shown(owner)}, whose kernel this is, may look at its variables.")
