"""Authorization of hub methods: by roles of the token, or by a rule of the hub's own."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection

from conduit_widget.hub.delivery.connection import HubConnectionContext

Authorize = str | Collection[str] | Callable[[HubConnectionContext], bool | Awaitable[bool]]
"""A role, several (one is enough), or a rule: ``rule(caller)`` returns or awaits whether they may."""


async def is_authorized(rule: Authorize, caller: HubConnectionContext) -> bool:
    """Return whether ``rule`` lets the caller in; it is asked anew at each call."""
    if isinstance(rule, str):
        return rule in caller.user.roles
    if callable(rule):
        verdict = rule(caller)
        return bool(await verdict if inspect.isawaitable(verdict) else verdict)
    return not caller.user.roles.isdisjoint(rule)
