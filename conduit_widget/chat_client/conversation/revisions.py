"""What a member does to messages that are there, asked of the hub until it is done or refused."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from conduit_widget.chat_client.connectivity import PATIENCE, Connectivity
from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.chat_client.sending.performing import is_unknown_method
from conduit_widget.chat_client.sending.sender import NOT_KEPT, Sender
from conduit_widget.chat_client.state.transcript import Transcript
from conduit_widget.errors import ConnectionFailedError, ConnectionLostError, HubException
from conduit_widget.types import Content, SendReceipt

_T = TypeVar("_T")


class Revisions:
    """Changes messages of one conversation. The hub does each change once, however often it is asked for.

    Every method waits for the connection if need be, and asks again when it was lost in between. An edit, a
    deletion or a reaction that cannot be asked for is kept in the durable queue, where there is one: with
    ``waits`` the call waits for it to be done, as long as a person would, else it returns None at once.

    Raises:
        HubException: the hub refused it, or cannot do it; the text says so in one line.
        ConnectionFailedError: there is no way to the hub.
        InvocationTimeoutError: it did not answer.

    """

    def __init__(
        self,
        hub: ChatHubClient,
        transcript: Transcript,
        connectivity: Connectivity,
        sender: Sender | None = None,
    ) -> None:
        self._hub = hub
        self._sender = None if sender is None or sender.outbox is None else sender
        self._transcript = transcript
        self._connectivity = connectivity
        self.open = 0
        """How many changes are under way."""

    async def delete(self, message_id: str, *, waits: bool = True) -> None:
        """Delete a message for everybody; one that waits for the hub is never sent."""

        async def call() -> None:
            await self._hub.delete_message(message_id)

        await self._change("delete messages", call, "delete", message_id, waits=waits)

    async def edit(self, message_id: str, content: Content, *, waits: bool = True) -> SendReceipt | None:
        """Give one's own message another text; an answered one gets a sibling, which is answered anew."""
        wire = msgspec.to_builtins(content)

        async def call() -> SendReceipt:
            return await self._hub.edit_message(message_id, wire)

        return await self._change("edit messages", call, "edit", message_id, waits=waits, content=content)

    async def react(self, message_id: str, emoji: str, *, is_on: bool = True, waits: bool = True) -> None:
        """Add one's reaction to a message, or take it away."""

        async def call() -> None:
            await (self._hub.add_reaction if is_on else self._hub.remove_reaction)(message_id, emoji)

        await self._change("keep reactions", call, "react", message_id, waits=waits, emoji=emoji, is_on=is_on)

    async def _change(
        self,
        what: str,
        call: Callable[[], Awaitable[_T]],
        kind: str,
        message_id: str,
        *,
        waits: bool,
        **new: Any,
    ) -> _T | None:
        """Ask the hub, or keep it for later where the hub is away or something waits already."""
        sender = self._sender
        if sender is None:
            return await self._ask(what, call)
        self.open += 1
        try:
            if self._connectivity.live.is_set() and not sender.has_queue:
                try:
                    return await self._ask_once(what, call)
                except ConnectionLostError:
                    pass  # the hub does it once, however often it is asked
            done = await sender.act(kind, message_id, patience=PATIENCE if waits else 0.0, **new)
            return await self._ask_until_done(what, call) if done is NOT_KEPT else done
        finally:
            self.open -= 1

    async def pin(self, message_id: str, *, is_on: bool = True) -> None:
        """Pin a message for everybody, or take its pin away."""
        call = self._hub.pin_message if is_on else self._hub.unpin_message
        await self._ask("pin messages", lambda: call(self._transcript.conversation_id, message_id))

    async def pinned(self) -> list[dict[str, Any]]:
        """Return the pinned messages in wire form, the oldest first."""
        return await self._ask(
            "pin messages", lambda: self._hub.list_pinned(self._transcript.conversation_id)
        )

    async def regenerate(self, message_id: str, **options: Any) -> SendReceipt:
        """Have a question answered again; ``options`` as the hub's, None for what the question says."""
        asked = {key: value for key, value in options.items() if value is not None}
        asked["answerId"] = str(uuid.uuid4())
        return await self._ask("answer again", lambda: self._hub.regenerate_message(message_id, asked))

    async def _ask(self, what: str, call: Callable[[], Awaitable[_T]]) -> _T:
        self.open += 1
        try:
            return await self._ask_until_done(what, call)
        finally:
            self.open -= 1

    async def _ask_until_done(self, what: str, call: Callable[[], Awaitable[_T]]) -> _T:
        while True:
            await self._connected()
            try:
                return await self._ask_once(what, call)
            except ConnectionLostError:
                await asyncio.sleep(0)  # the loss is noticed, then it is waited for

    async def _ask_once(self, what: str, call: Callable[[], Awaitable[_T]]) -> _T:
        if not self._transcript.epoch:  # a hub with only the first methods says nothing of the log
            raise HubException(f"This hub cannot {what}.")
        try:
            return await call()
        except HubException as error:
            if is_unknown_method(error):
                raise HubException(f"This hub cannot {what}.") from None
            raise

    async def _connected(self) -> None:
        """Wait until the conversation is live, or out of reach for a while."""
        if self._connectivity.live.is_set():
            return None
        live = asyncio.ensure_future(self._connectivity.wait_live())
        unreachable = asyncio.ensure_future(self._connectivity.wait_unreachable(PATIENCE))
        try:
            await asyncio.wait((live, unreachable), return_when=asyncio.FIRST_COMPLETED)
            if live.done():
                return live.result()
            raise ConnectionFailedError(f"Not done: {unreachable.result()} Try again when the hub is back.")
        finally:
            live.cancel()
            unreachable.cancel()
