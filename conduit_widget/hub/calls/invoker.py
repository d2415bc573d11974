"""Calls the methods of one mounted hub: authorization, filters, the method; failures become texts."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple

from conduit_widget.contract import ErrorText
from conduit_widget.errors import HubException, trace_of
from conduit_widget.hub.calls.authorization import is_authorized
from conduit_widget.hub.calls.binding import HubMethod
from conduit_widget.hub.calls.hub import (
    ConnectedNext,
    DisconnectedNext,
    Hub,
    HubFilter,
    HubInvocation,
    InvokeNext,
)
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.limits.user_rates import LimitWarning, UserRates

_Step = Callable[..., Awaitable[Any]]

_logger = logging.getLogger(__name__)
_DETAILED: Final = "An unexpected error occurred invoking '{name}' on the server. {kind}: {text}"


class Failure(NamedTuple):
    """The text for the caller, and the kind the metrics count."""

    text: str
    kind: str


class HubInvoker:
    """One per mounted hub, shared by its connections."""

    def __init__(self, hub: Hub, filters: Sequence[HubFilter] = (), *, detailed_errors: bool = False) -> None:
        self.hub = hub
        self.user_rates = UserRates(hub.user_rates)
        self._detailed = detailed_errors
        filters = (*filters, *hub.filters)
        steps = [each.invoke_method for each in filters]
        self._filtered: InvokeNext | None = _around(steps, self._call) if filters else None
        self.connected: ConnectedNext = _around([each.on_connected for each in filters], hub.on_connected)
        self.disconnected: DisconnectedNext = _around(
            [each.on_disconnected for each in filters], hub.on_disconnected
        )

    async def invoke(
        self,
        method: HubMethod,
        caller: HubConnectionContext,
        arguments: Sequence[Any],
        uploads: Sequence[Any] = (),
    ) -> Any:
        """Return what the method returns: its result, or its async iterator when it streams.

        Raises:
            HubException: not authorized, wrong arguments, or the method's own refusal.

        """
        if method.authorize is not None and not await is_authorized(method.authorize, caller):
            raise HubException(ErrorText.UNAUTHORIZED)
        if caller.user.scope and caller.user.scope not in method.scopes:
            raise HubException(ErrorText.UNAUTHORIZED)
        if not (method.reads or caller.user.may_write):
            raise HubException(ErrorText.READ_ONLY)
        bound = method.bind(arguments, uploads)
        if self._filtered is not None:
            return await self._filtered(HubInvocation(self.hub, caller, method.name, bound))
        return await self._run(method, caller, bound)

    def warn(self, caller: HubConnectionContext, warning: LimitWarning) -> None:
        """Warn the caller of a limit through the hub; an error there is logged and the call goes on."""
        try:
            self.hub.on_limit_warning(caller, warning)
        except Exception as error:  # noqa: BLE001 - a hub's own code
            self.explain("on_limit_warning", error)

    async def _call(self, invocation: HubInvocation) -> Any:
        method = self.hub.methods[invocation.method.lower()]
        return await self._run(method, invocation.caller, invocation.arguments)

    async def _run(self, method: HubMethod, caller: HubConnectionContext, arguments: Sequence[Any]) -> Any:
        outcome = getattr(self.hub, method.attribute)(caller, *arguments)
        return outcome if method.is_stream else await outcome

    def explain(self, name: str, error: Exception) -> Failure:
        """Return what to answer; what nobody expected is logged under an error id, without its content."""
        if isinstance(error, HubException):
            unauthorized = str(error) == ErrorText.UNAUTHORIZED
            return Failure(str(error), "unauthorized" if unauthorized else error.kind)
        if isinstance(error, TimeoutError):
            return Failure(ErrorText.TIMED_OUT, "timeout")
        error_id = secrets.token_hex(4)
        _logger.error(
            "Hub method %s failed (error id %s): %s",
            name,
            error_id,
            trace_of(error),
            extra={"error_id": error_id},
        )
        if self._detailed:
            text = _DETAILED.format(name=name, kind=type(error).__name__, text=error)
        else:
            text = ErrorText.UNEXPECTED.format(id=error_id)
        return Failure(text, "unexpected")


def _around(steps: Sequence[_Step], innermost: _Step) -> _Step:
    """Return ``innermost`` with the filters' steps around it, the first outermost."""
    for step in reversed(steps):
        innermost = _with(step, innermost)
    return innermost


def _with(step: _Step, proceed: _Step) -> _Step:
    return lambda *arguments: step(*arguments, proceed)
