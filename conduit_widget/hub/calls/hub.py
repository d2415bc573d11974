"""The base class of a hub, the decorator for its methods, filters around them, and its context.

The application's filters come first, then the hub's own, each calling ``proceed`` for what is inside it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeVar

from conduit_widget.hub.calls.authorization import Authorize
from conduit_widget.hub.calls.binding import HubMethod, describe
from conduit_widget.hub.delivery.clients import HubClients
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.delivery.groups import Groups
from conduit_widget.hub.limits.user_rates import LimitWarning, UserRate
from conduit_widget.protocol.transport_kinds import TransportKind

_MARK: Final = "__hub_method__"
_Function = TypeVar("_Function", bound=Callable[..., Any])


def hub_method(
    name: str,
    *,
    authorize: Authorize | None = None,
    reads: bool = False,
    scopes: Collection[str] = (),
) -> Callable[[_Function], _Function]:
    """Make a method invocable by clients as ``name`` (matched case-insensitively).

    The method is ``async def method(self, caller: HubConnectionContext, …typed arguments…)``; its arguments
    are bound with :func:`msgspec.convert`, its return value becomes the completion's result. An async
    generator is a server-to-client stream; a parameter annotated ``AsyncIterator[T]`` is a stream from the
    client. Raise :class:`~conduit_widget.errors.HubException` to refuse with a text.

    ``authorize`` lets only some in: a role, several (one is enough), or a callable that is given the caller
    and returns (or awaits) whether they may. Others hear "Unauthorized". ``reads`` lets a token in that may
    only read: mark what changes nothing for others. ``scopes`` are those of principals who may
    do nothing else than what names theirs.
    """

    def mark(function: _Function) -> _Function:
        setattr(function, _MARK, (name, authorize, reads, frozenset(scopes)))
        return function

    return mark


@dataclass(slots=True)
class HubInvocation:
    """One call of a hub method: its wire name and its bound arguments, which a filter may replace."""

    hub: Hub
    caller: HubConnectionContext
    method: str
    arguments: list[Any]


InvokeNext = Callable[[HubInvocation], Awaitable[Any]]
ConnectedNext = Callable[[HubConnectionContext], Awaitable[None]]
DisconnectedNext = Callable[[HubConnectionContext, Exception | None], Awaitable[None]]


class HubFilter:
    """Override what you need; a filter that does not call ``proceed`` keeps what is inside from running."""

    async def invoke_method(self, invocation: HubInvocation, proceed: InvokeNext) -> Any:
        """Run around a method; the value is its result, or its async iterator when it streams.

        Raise :class:`~conduit_widget.errors.HubException` to refuse.
        """
        return await proceed(invocation)

    async def on_connected(self, caller: HubConnectionContext, proceed: ConnectedNext) -> None:
        """Run around the hub's ``on_connected``."""
        await proceed(caller)

    async def on_disconnected(
        self, caller: HubConnectionContext, error: Exception | None, proceed: DisconnectedNext
    ) -> None:
        """Run around the hub's ``on_disconnected``."""
        await proceed(caller, error)


class Hub:
    """One instance per mounted hub; methods marked with :func:`hub_method` are what clients may call.

    ``clients`` and ``groups`` are set by :meth:`attach` when a ``HubApp`` mounts the hub. ``filters`` run
    around its methods, inside the application's own filters; ``transports`` are those it offers.
    """

    filters: Sequence[HubFilter] = ()
    transports: Sequence[TransportKind] = tuple(TransportKind)
    expiry_warning: float | None = None
    """Seconds before a connection's token expires at which it hears ``TokenExpiring``; ``None``: never."""

    user_rates: Sequence[UserRate] = ()
    """Rates a minute of one user, over all of their connections; set before the hub is mounted."""

    clients: HubClients
    groups: Groups
    methods: ClassVar[dict[str, HubMethod]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        methods: dict[str, HubMethod] = {}
        # Plain mixins too; of two bases the one that Python would ask first counts.
        for base in reversed(cls.__mro__):
            for attribute, function in vars(base).items():
                mark = getattr(function, _MARK, None)
                if mark is not None:
                    name, authorize, reads, scopes = mark
                    methods[name.lower()] = describe(
                        name, attribute, function, authorize, reads=reads, scopes=scopes
                    )
        cls.methods = methods

    def attach(self, clients: HubClients, groups: Groups) -> None:
        """Give the hub its way to reach clients; called once, when it is mounted."""
        self.clients = clients
        self.groups = groups

    async def on_connected(self, caller: HubConnectionContext) -> None:
        """Run after the handshake, before the connection's first invocation."""

    async def on_disconnected(self, caller: HubConnectionContext, error: Exception | None) -> None:
        """Run after the connection's last invocation; it is already out of every group."""

    def on_limit_warning(self, caller: HubConnectionContext, warning: LimitWarning) -> None:
        """Tell the caller that a limit is nearly used up (80 and 95 %); by default nobody is told."""


@dataclass(frozen=True, slots=True)
class HubContext:
    """The clients and groups of one mounted hub; get it from ``HubApp.hub_context(path)``."""

    clients: HubClients
    groups: Groups
