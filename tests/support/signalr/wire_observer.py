"""A client on the wire that forgives nothing: after a join every event must come, position by position.

It heals by itself, as the contract says any client can: ``ResumeConversation`` after each reconnect, events
held back until the result is there. Nothing of our client's conversation is used, so nothing hides the hub's
mistakes. :class:`WireView` is the part without a connection; other processes' reports can be fed into it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import MAX_HISTORY_PAGE, ChatEvent, ChatMethod
from conduit_widget.errors import ConduitError, ConnectionLostError, HubException
from tests.support.judging.history_checker import Observer, Sighting

INVOKE_TIMEOUT: Final = 10.0
RETRY_AFTER: Final = 0.2
LOG_EVENTS: Final = (ChatEvent.RECEIVE_MESSAGE, ChatEvent.MESSAGE_UPDATED)
SEEN_EVENTS: Final = (*LOG_EVENTS, ChatEvent.STREAM_TOKEN, ChatEvent.PRESENCE_UPDATE)


class WireView:
    """Applies a client's joins, resumes and events, in its order, to an observer."""

    def __init__(self, observer: Observer) -> None:
        self.observer = observer
        self.epoch = ""
        self.participants: list[str] = []
        self.wanted_before: int | None = None
        self._held: list[tuple[str, list[Any]]] | None = []

    def hold(self) -> None:
        """A join or resume begins: events wait for its result, which has what was held for an earlier one."""
        self._held = []

    def resumed(self, result: dict[str, Any]) -> None:
        """Take the result of ``ResumeConversation``."""
        if not result["recovered"]:
            self.joined(result["join"])
            return
        for event in result.get("events", []):
            self.observer.live(Sighting.of_wire(event["arguments"][0]))
        self._take_state(result)

    def joined(self, result: dict[str, Any]) -> None:
        """Take the result of ``JoinConversation``."""
        self.epoch = result["epoch"]
        self.wanted_before = self.observer.snapshot(map(Sighting.of_wire, result["messages"]), result["seq"])
        self._take_state(result)

    def event(self, target: str, arguments: list[Any]) -> None:
        """Take an event."""
        if self._held is not None:
            self._held.append((target, arguments))
        elif target in LOG_EVENTS:
            self.observer.live(Sighting.of_wire(arguments[0]))
        elif target == ChatEvent.STREAM_TOKEN:
            self._delta(arguments, held=False)
        elif target == ChatEvent.PRESENCE_UPDATE:
            self._take_people(arguments[1])

    def history(self, messages: list[dict[str, Any]], *, has_more: bool) -> None:
        """Take a page of older messages."""
        page = [Sighting.of_wire(message) for message in messages]
        self.observer.history(page)
        self.wanted_before = page[0].seq if page and has_more else None

    def _take_state(self, result: dict[str, Any]) -> None:
        for stream in result.get("streams", []):
            self.observer.texts.opened(stream["messageId"], stream["text"])
        self._take_people(result.get("participants", []))
        held, self._held = self._held or [], None
        for target, arguments in held:
            if target == ChatEvent.STREAM_TOKEN:
                self._delta(arguments, held=True)
            elif target not in LOG_EVENTS or Sighting.of_wire(arguments[0]).position > self.observer.last:
                self.event(target, arguments)

    def _delta(self, arguments: list[Any], *, held: bool) -> None:
        """Take a delta; of one that was held back, only what the result did not contain."""
        _, text, metadata = arguments
        message_id, offset, texts = metadata["messageId"], metadata["offset"], self.observer.texts
        if held and texts.is_over(message_id):
            return
        known = max(0, texts.length(message_id) - offset) if held else 0
        texts.delta(message_id, offset + known, text[known:], done=metadata.get("done", False))

    def _take_people(self, participants: Iterable[dict[str, Any]]) -> None:
        self.participants = [person["userId"] for person in participants]


class WireObserver:
    """Watches one conversation over one connection of its own."""

    def __init__(self, connection: HubConnection, conversation: str, observer: Observer) -> None:
        self.view = WireView(observer)
        self.reconnects = 0
        self.refused: HubException | None = None
        self._connection = connection
        self._conversation = conversation
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        for target in SEEN_EVENTS:
            self._listen(target)
        connection.on_reconnected(self._reconnected)

    @property
    def name(self) -> str:
        """Whose eyes these are."""
        return self.view.observer.name

    @property
    def condition(self) -> str:
        """How the connection is, in one line."""
        return f"connection {self._connection.state.name}, refused: {self.refused}"

    def open(self) -> None:
        """Connect and join; goes on until :meth:`close`."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Disconnect."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._connection.stop()

    def _listen(self, target: str) -> None:
        self._connection.on(target, lambda *arguments: self.view.event(target, list(arguments)))

    def _reconnected(self, _connection_id: str | None) -> None:
        self.reconnects += 1
        self.view.hold()
        self._wanted.set()

    async def _run(self) -> None:
        await self._connection.start(retry=True)
        self._wanted.set()
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self._synchronize()
                await self._fill()
            except ConnectionLostError:
                continue  # the reconnect asks again
            except ConduitError as error:
                self.refused = error if isinstance(error, HubException) else self.refused
                await asyncio.sleep(RETRY_AFTER)
                self._wanted.set()

    async def _synchronize(self) -> None:
        view = self.view
        view.hold()
        if view.epoch:
            view.resumed(await self._invoke(ChatMethod.RESUME_CONVERSATION, view.epoch, view.observer.last))
        else:
            view.joined(await self._invoke(ChatMethod.JOIN_CONVERSATION))

    async def _fill(self) -> None:
        while (before := self.view.wanted_before) is not None:
            page = await self._invoke(ChatMethod.GET_HISTORY, before, MAX_HISTORY_PAGE)
            self.view.history(page["messages"], has_more=page["hasMore"])

    async def _invoke(self, method: str, *arguments: Any) -> Any:
        return await self._connection.invoke(method, self._conversation, *arguments, timeout=INVOKE_TIMEOUT)
