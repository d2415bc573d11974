"""The call of one conversation, as the views of one kernel take part in it.

A view is a peer. It says that it lives every few seconds; one that is silent for :data:`SILENCE` seconds is
taken out, because its page has crashed. After a lost connection all of them are put back under their ids.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from conduit_widget.chat_client.connectivity import Connectivity
from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.errors import ConduitError, line_of
from conduit_widget.types import Call, CallMedia, CallTicket

SILENCE: Final = 30.0
LOOK_INTERVAL: Final = 5.0
REACH: Final = 15.0
"""Seconds that a signal waits for the hub: what browsers tell each other is of no use much later."""
MAX_SIGNALS_WAITING: Final = 200

_logger = logging.getLogger(__name__)


@dataclasses.dataclass(slots=True)
class _View:
    media: CallMedia
    heard_at: float


class Calls:
    """Joins, updates and leaves for views; passes their signals on, in order.

    ``spawn`` runs a coroutine for as long as the conversation lives. Every method raises HubException
    (refused; the text is for people), ConnectionLostError or InvocationTimeoutError.
    """

    def __init__(
        self,
        conversation_id: str,
        hub: ChatHubClient,
        connectivity: Connectivity,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        *,
        silence: float = SILENCE,
    ) -> None:
        self._id = conversation_id
        self._hub = hub
        self._connectivity = connectivity
        self._spawn = spawn
        self._silence = silence
        self._views: dict[str, _View] = {}
        self._signalling = asyncio.Lock()
        self._waiting = 0
        self._watching: asyncio.Task[None] | None = None

    async def join(self, peer_id: str, media: CallMedia) -> Call:
        """Put a view into the call; joining again brings fresh credentials."""
        call = await self._hub.join_call(self._id, peer_id, media)
        self._views[peer_id] = _View(media, _now())
        if self._watching is None or self._watching.done():
            self._watching = self._spawn(self._watch())
        return call

    async def update(self, peer_id: str, media: CallMedia) -> None:
        """Tell the others what a view sends from now on."""
        view = self._views.get(peer_id)
        if view is not None:
            view.media = media
        await self._hub.update_call(self._id, peer_id, media)

    async def leave(self, peer_id: str) -> None:
        """Take a view out of the call."""
        self._views.pop(peer_id, None)
        await self._hub.leave_call(self._id, peer_id)

    async def signal(self, peer_id: str, to_peer_id: str, signal: dict[str, Any]) -> None:
        """Pass a signal on, after those before it; while the hub is out of reach it waits a moment.

        Overflow policy: with :data:`MAX_SIGNALS_WAITING` waiting the newest is refused.
        """
        if self._waiting >= MAX_SIGNALS_WAITING:
            raise ConduitError("Too many signals wait for the hub; the call begins anew when it is back.")
        self._waiting += 1
        try:
            async with self._signalling, asyncio.timeout(REACH):
                await self._connectivity.wait_live()
                await self._hub.send_signal(self._id, peer_id, to_peer_id, signal)
        except TimeoutError:
            raise ConduitError("The hub is out of reach.") from None
        finally:
            self._waiting -= 1

    async def page(self) -> CallTicket:
        """Return the way to a page of the hub's own with this call; it is good once, and for a moment."""
        return await self._hub.open_call_page(self._id)

    def alive(self, peer_id: str) -> None:
        """Note that a view lives."""
        view = self._views.get(peer_id)
        if view is not None:
            view.heard_at = _now()

    def came_back(self) -> None:
        """Put the views back into the call: the hub holds their places for a moment only."""
        for peer_id in self._views:
            self._spawn(self._rejoin(peer_id))

    async def _rejoin(self, peer_id: str) -> None:
        view = self._views.get(peer_id)
        if view is None:
            return
        try:
            await self._hub.join_call(self._id, peer_id, view.media)
        except ConduitError as error:  # the view sees that it is not in the call and says so
            _logger.info("A view could not come back into a call: %s", line_of(error))

    async def _watch(self) -> None:
        while self._views:
            await asyncio.sleep(min(LOOK_INTERVAL, self._silence / 2))
            late = _now() - self._silence
            for peer_id in [id_ for id_, view in self._views.items() if view.heard_at < late]:
                with contextlib.suppress(ConduitError):  # the connection's own end takes it out
                    await self.leave(peer_id)


def _now() -> float:
    return asyncio.get_running_loop().time()
