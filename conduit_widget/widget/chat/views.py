"""The views of a chat: the conversation's changes out, as batched ops; what people do in a view in.

A chat may go on in another conversation (:meth:`ChatViews.switch_to`): its views follow it. The one it was in
is left once nothing there is waited for, and forgotten at a later switch.

Everything here runs on the loop thread, except the constructor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from conduit_widget.chat_client.state.changes import Change, SignalChange
from conduit_widget.errors import ConduitError
from conduit_widget.kernel.cell_output import CellOutput
from conduit_widget.kernel.comm_batcher import Comm, CommBatcher
from conduit_widget.widget.browser.encodable import encodable
from conduit_widget.widget.browser.views import Views
from conduit_widget.widget.chat.backend import ChatBackend, check_conversation
from conduit_widget.widget.chat.ops import to_op
from conduit_widget.widget.chat.saved_transcript import SavedTranscript, is_saved_class, wholly_kept_of
from conduit_widget.widget.chat.state import chat_state
from conduit_widget.widget.requests import (
    answers,
    calls,
    connection,
    conversations,
    files,
    finding,
    history,
    importing,
    messages,
    queue,
)
from conduit_widget.widget.requests.handler import Handler

_HANDLERS: Final[tuple[Handler, ...]] = (
    messages.handle,
    answers.handle,
    queue.handle,
    history.handle,
    finding.handle,
    conversations.handle,
    calls.handle,
    importing.handle,
    connection.handle,
    files.handle,
)
"""What views may ask, a capability each; what belongs to none is every widget's (:meth:`.Views.handle`)."""


class ChatViews:
    """Connects one chat's backend with all its views, and with the transcript that the notebook keeps.

    Args:
        backend: returns what stands behind the chat in a conversation, by the conversation's id.
        conversation_id: the conversation that the chat begins in.
        batcher: sends for all widgets.
        comm: the way to the views.
        switched: called with the id of each conversation that the chat goes on in.
        of_kernel: what only the views of a kernel's own widget may ask.
        read_only: why the views may read and not write; empty where they may.
        is_shared: whether each page is to show and say everything as its own user, past the kernel.

    """

    def __init__(
        self,
        backend: Callable[[str], ChatBackend],
        conversation_id: str,
        batcher: CommBatcher,
        comm: Comm,
        switched: Callable[[str], None] = lambda _: None,
        *,
        of_kernel: Sequence[Handler] = (),
        read_only: str = "",
        is_shared: bool = False,
    ) -> None:
        self.saved: SavedTranscript | None = None
        self._make_backend = backend
        self._backends = {conversation_id: backend(conversation_id)}
        self.backend = self._backends[conversation_id]
        self._switched = switched
        self._handlers = (*_HANDLERS, *of_kernel)
        more = {"variables": bool(of_kernel), "readOnly": read_only}
        self._more_state = {name: value for name, value in more.items() if value}
        self._channel = batcher.open(comm, self._state, encodable, "shared" if is_shared else "snapshot")
        self._views = Views(self._channel, self._attended)
        self._unsubscribe = self.backend.subscribe(self._on_changes)

    def open(self) -> None:
        """Begin to connect."""
        self.backend.enter()

    async def close(self) -> None:
        """Send nothing any more, write the transcript a last time, and leave the conversations."""
        self._unsubscribe()
        self._views.close()
        self._drop_saved()
        await asyncio.gather(*(backend.close() for backend in self._backends.values()))

    async def leave(self) -> None:
        """Close once nothing is waited for any more, as a chat leaves whose last view has gone."""
        self._views.nobody_is_here()
        try:
            await asyncio.gather(*(backend.left() for backend in self._backends.values()))
        finally:
            await self.close()

    def refuse(self, request_id: object, error: ConduitError) -> None:
        """Reply to a view that it cannot be done, and why."""
        self._views.refuse(request_id, error)

    def switch_to(self, conversation_id: str) -> None:
        """Go on in another conversation: views show it, listeners hear it, the notebook keeps it."""
        before = self.backend
        if conversation_id == before.conversation_id:
            return
        for left in [each for each in self._backends.values() if each.has_left and each is not before]:
            left.forget()  # its transcript is not kept: people may go through many conversations
            del self._backends[left.conversation_id]
        backend = self._backends.get(conversation_id)
        if backend is None:
            backend = self._backends[conversation_id] = self._make_backend(conversation_id)
        self._unsubscribe()
        self.backend = backend
        self._unsubscribe = backend.subscribe(self._on_changes)
        backend.attended(before.is_attended)
        backend.enter()
        before.listeners.move_to(backend.listeners)
        before.status_listeners.move_to(backend.status_listeners)
        before.attended(False)
        if self.saved is not None:
            self.saved = self.saved.moved_to(backend)
        self._switched(conversation_id)
        if self._views.is_watched:
            self._channel.request_snapshot()

    def watched(self) -> None:
        """Note that somebody looks, or will in a moment."""
        self._views.watched()

    def _attended(self, is_attended: bool) -> None:
        if not is_attended:
            self._drop_saved()
        self.backend.attended(is_attended)

    def save_into(self, output: CellOutput, css_class: str) -> dict[str, Any]:
        """Keep a cell's output equal to the conversation from now on; return what it should be now."""
        if self.saved is None:
            self.saved = SavedTranscript(self.backend, css_class, output)
        return self.saved.due(again=True) or {}

    def _drop_saved(self) -> None:
        saved, self.saved = self.saved, None
        if saved is not None:
            saved.close()

    def _on_changes(self, changes: list[Change]) -> None:
        if not self._views.is_watched:
            return  # a view that comes gets a snapshot
        for change in changes:
            if isinstance(change, SignalChange):  # at once, and never lost to a snapshot
                self._channel.send({"kind": "signal", **change.signal.to_wire()})
                continue
            op = to_op(change)
            if op is None:
                self._channel.request_snapshot()
            else:
                self._channel.push(op)

    def _state(self) -> dict[str, Any]:
        return {**chat_state(self.backend.conversation, self.backend.identity), **self._more_state}

    def handle(self, content: object) -> None:
        """Act on a message of a view; what it cannot mean is ignored."""
        self._channel.heard()
        match content:
            case {"kind": "conversation", "requestId": request_id, "action": "open", **rest}:
                self._switch(request_id, rest.get("conversationId"))
                return
            case {"kind": "transcript", "requestId": request_id, "cssClass": str() as css_class}:
                self._views.serve(request_id, self._transcript(css_class))
                return
        if not any(handle(content, self.backend, self._views.serve) for handle in self._handlers):
            self._views.handle(content)

    async def _transcript(self, css_class: str) -> dict[str, Any]:
        """Return what the notebook keeps, for a page to write where none hears the kernel's output."""
        return await wholly_kept_of(self.backend, css_class if is_saved_class(css_class) else "")

    def _switch(self, request_id: object, conversation_id: object) -> None:
        """Switch at once: what the view asks next is meant for the other conversation."""
        refusal: ConduitError | None = None
        try:
            self.switch_to(check_conversation(conversation_id))
        except ConduitError as error:
            refusal = error
        self._views.serve(request_id, _outcome(refusal))


async def _outcome(refusal: ConduitError | None) -> None:
    if refusal is not None:
        raise refusal
