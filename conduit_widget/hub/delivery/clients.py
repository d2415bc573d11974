"""Sending to many: a proxy names the receivers, one encoding per hub protocol serves them all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any

from conduit_widget.errors import ConnectionLostError
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.delivery.groups import Groups
from conduit_widget.hub.delivery.lifetime import LifetimeManager

Receivers = Callable[[], Iterable[HubConnectionContext]]


class ClientProxy:
    """Some connections, looked up anew at each send."""

    __slots__ = ("_lifetime", "_receivers")

    def __init__(self, lifetime: LifetimeManager, receivers: Receivers) -> None:
        self._lifetime = lifetime
        self._receivers = receivers

    def send(self, target: str, *args: Any) -> None:
        """Queue an event for each receiver; never awaits one.

        Receivers whose hub protocol cannot write an argument go without; that is logged.
        """
        self._lifetime.broadcast(self._receivers(), target, args)

    def send_volatile(self, target: str, *args: Any) -> Sequence[HubConnectionContext]:
        """Like :meth:`send`, but lagging receivers go without (typing, presence, tokens); return those."""
        missed: list[HubConnectionContext] = []
        self._lifetime.broadcast(self._receivers(), target, args, missed)
        return missed


class SingleClientProxy(ClientProxy):
    """One connection, which can also be asked."""

    __slots__ = ()

    async def invoke(self, target: str, *args: Any, timeout: float | None = None) -> Any:
        """Call a method of the client and return its result; see ``HubConnectionContext.invoke``.

        Raises:
            ConnectionLostError: there is no such connection (any more).
            HubException, InvocationTimeoutError, LocalProtocolError: as there.

        """
        for receiver in self._receivers():
            return await receiver.invoke(target, *args, timeout=timeout)
        raise ConnectionLostError("There is no connection with that id.")


class HubClients:
    """The connections of one hub *on this node*: all, by group, by user, by id.

    Nothing here reaches connections on the other nodes of a cluster: to reach those, publish on the backplane
    and let each node send to its own.
    """

    def __init__(self, lifetime: LifetimeManager, groups: Groups) -> None:
        self._lifetime = lifetime
        self._groups = groups

    def all(self) -> ClientProxy:
        """Every connection."""
        return ClientProxy(self._lifetime, self._lifetime.all)

    def group(self, name: str) -> ClientProxy:
        """The connections of a group. Keep the proxy where you send often: it costs nothing to hold."""
        return ClientProxy(self._lifetime, partial(self._groups.members, name))

    def group_except(self, name: str, excluded: Collection[str]) -> ClientProxy:
        """The connections of a group but for some connection ids."""
        return ClientProxy(
            self._lifetime,
            lambda: (c for c in self._groups.members(name) if c.connection_id not in excluded),
        )

    def user(self, user_id: str) -> ClientProxy:
        """Every connection of a user."""
        return ClientProxy(self._lifetime, partial(self._lifetime.of_user, user_id))

    def all_except(self, excluded: Collection[str]) -> ClientProxy:
        """Every connection but for some connection ids (the caller's, for "others")."""
        return ClientProxy(
            self._lifetime,
            lambda: (c for c in self._lifetime.all() if c.connection_id not in excluded),
        )

    def client(self, connection_id: str) -> SingleClientProxy:
        """One connection; nobody when it is gone."""
        return SingleClientProxy(self._lifetime, partial(self._lifetime.with_id, connection_id))
