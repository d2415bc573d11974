"""The views of a chat: the conversation's changes out, as batched ops; what people do in a view in.

Everything here runs on the loop thread, except the constructor.
"""

from __future__ import annotations

from typing import Any, Final

from conduit_widget.chat_client.changes import Change
from conduit_widget.contract import MAX_HISTORY_PAGE
from conduit_widget.kernel.cell_output import CellOutput
from conduit_widget.kernel.comm_batcher import Comm, CommBatcher
from conduit_widget.widget.answers.question import user_message
from conduit_widget.widget.backend import ChatBackend
from conduit_widget.widget.chat_state import chat_state
from conduit_widget.widget.chunks import send_chunk
from conduit_widget.widget.encodable import encodable
from conduit_widget.widget.ops import to_op
from conduit_widget.widget.saved_transcript import SavedTranscript
from conduit_widget.widget.views import Views

_HISTORY_PAGE: Final = min(50, MAX_HISTORY_PAGE)


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
        views = self._views
        match content:
            case {"kind": "typing", "isTyping": bool() as is_typing}:
                self.backend.conversation.set_typing(is_typing)
            case {"kind": "retry"}:
                self.backend.conversation.retry_now()
            case {"kind": "send", "requestId": request_id, "id": str() as id_, "text": text, **options}:
                choice = {name: options.get(name) for name in ("provider", "model")}
                views.serve(request_id, self._send(id_, text, choice))
            case {"kind": "providers"}:
                self.backend.conversation.ask_providers()
            case {"kind": "painted", "messageId": str() as id_, "at": int() as at, "held": int() as held}:
                self.backend.conversation.paints.painted(id_, at, held)
            case {"kind": "stop", "requestId": request_id, "messageId": str() as id_}:
                views.serve(request_id, self.backend.questions.stop(id_))
            case {"kind": "history", "requestId": request_id, "beforeSeq": int() as before}:
                views.serve(request_id, self._history(before))
            case {"kind": "chunk", "requestId": request_id, "name": str() as name}:
                views.serve(request_id, send_chunk(name))
            case _:
                views.handle(content)

    async def _send(self, message_id: str, text: Any, choice: dict[str, Any]) -> dict[str, Any]:
        message = user_message(text, message_id=message_id, **choice)
        receipt = await self.backend.questions.send(message)
        return receipt.to_wire()

    async def _history(self, before_seq: int) -> dict[str, Any]:
        conversation = self.backend.conversation
        count = await conversation.load_history(before_seq, _HISTORY_PAGE)
        return {"count": count, "hasMore": conversation.transcript.has_more}
