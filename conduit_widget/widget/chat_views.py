"""The views of a chat: the conversation's changes out, as batched ops; what people do in a view in.

Everything here runs on the loop thread, except the constructor.
"""

from __future__ import annotations

from typing import Any, Final

from conduit_widget.chat_client.state.changes import Change
from conduit_widget.kernel.cell_output import CellOutput
from conduit_widget.kernel.comm_batcher import Comm, CommBatcher
from conduit_widget.widget.backend import ChatBackend
from conduit_widget.widget.chat_state import chat_state
from conduit_widget.widget.chunks import send_chunk
from conduit_widget.widget.encodable import encodable
from conduit_widget.widget.ops import to_op
from conduit_widget.widget.requests import answers, connection, conversations, finding, history, messages
from conduit_widget.widget.requests.handler import AskedChat, Handler, Serve
from conduit_widget.widget.saved_transcript import SavedTranscript
from conduit_widget.widget.views import Views


def _send_chunk(content: object, _chat: AskedChat, serve: Serve) -> bool:
    """Send a part of the view."""
    match content:
        case {"kind": "chunk", "requestId": request_id, "name": str() as name, "from": int() as start}:
            serve(request_id, send_chunk(name, start))
        case _:
            return False
    return True


_HANDLERS: Final[tuple[Handler, ...]] = (
    messages.handle,
    answers.handle,
    history.handle,
    finding.handle,
    conversations.handle,
    connection.handle,
    _send_chunk,
)
"""What views may ask, a capability each; what belongs to none is every widget's (:meth:`.Views.handle`)."""


class ChatViews:
    """Connects one chat's backend with all its views, and with the transcript that the notebook keeps."""

    def __init__(self, backend: ChatBackend, batcher: CommBatcher, comm: Comm) -> None:
        self.backend = backend
        self.saved: SavedTranscript | None = None
        self._channel = batcher.open(comm, self._state, encodable)
        self._views = Views(self._channel, self._attended)
        self._unsubscribe = backend.subscribe(self._on_changes)

    def open(self) -> None:
        """Begin to connect."""
        self.backend.enter()

    async def close(self) -> None:
        """Send nothing any more, write the transcript a last time, and leave the conversation."""
        self._unsubscribe()
        self._views.close()
        self._drop_saved()
        await self.backend.close()

    def watched(self) -> None:
        """Note that somebody looks, or will in a moment."""
        self._views.watched()

    def _attended(self, is_attended: bool) -> None:
        if not is_attended:
            self._drop_saved()
        self.backend.attended(is_attended)

    def save_into(self, output: CellOutput, css_class: str) -> dict[str, str]:
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
            op = to_op(change)
            if op is None:
                self._channel.request_snapshot()
            else:
                self._channel.push(op)

    def _state(self) -> dict[str, Any]:
        return chat_state(self.backend.conversation, self.backend.identity)

    def handle(self, content: object) -> None:
        """Act on a message of a view; what it cannot mean is ignored."""
        if not any(handle(content, self.backend, self._views.serve) for handle in _HANDLERS):
            self._views.handle(content)
