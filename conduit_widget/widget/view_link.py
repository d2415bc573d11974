"""The widget comm protocol, kernel side: changes out as batched ops, requests of views in.

Called on the loop thread only. Custom messages (``js/src/kernel-messages.ts``); nothing is synced state.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final

import msgspec

from conduit_widget.chat_client.changes import Change
from conduit_widget.contract import MAX_HISTORY_PAGE
from conduit_widget.errors import (
    ConduitError,
    ConnectionFailedError,
    ConnectionLostError,
    HubException,
    InvocationTimeoutError,
    ValidationError,
)
from conduit_widget.kernel.cell_output import CellOutput
from conduit_widget.kernel.comm_batcher import CommBatcher, Send
from conduit_widget.widget.backend import ChatBackend
from conduit_widget.widget.encodable import encodable
from conduit_widget.widget.ops import to_op
from conduit_widget.widget.question import user_message
from conduit_widget.widget.saved_transcript import SavedTranscript

_log = logging.getLogger(__name__)

SNAPSHOT_MESSAGES: Final = 200
SNAPSHOT_CHARS: Final = 512 * 1024
MAX_REQUESTS: Final = 200
ABSENCE: Final = 5.0  # seconds in which a view that is still there answers
_HISTORY_PAGE: Final = min(50, MAX_HISTORY_PAGE)


class ViewLink:
    """Connects one chat's backend with all its views.

    Overflow policy: with :data:`MAX_REQUESTS` requests of views running, the next ones are refused.
    """

    def __init__(self, backend: ChatBackend, batcher: CommBatcher, send: Send) -> None:
        self._backend = backend
        self._channel = batcher.open(send, self._state, encodable)
        self._requests = 0
        self.saved: SavedTranscript | None = None
        self._is_watched = False
        self._absence: asyncio.TimerHandle | None = None
        self._unsubscribe = backend.subscribe(self._on_changes)

    def close(self) -> None:
        """Send nothing any more."""
        self._unsubscribe()
        self._channel.close()
        self._somebody_is_here()
        self._drop_saved()

    # ---- who looks -------------------------------------------------------------------------------------

    def watched(self) -> None:
        """Somebody looks, or will in a moment: send the present state and what changes from now on.

        A view whose hello waits for a busy kernel so has something to apply ops to.
        """
        self._somebody_is_here()
        self._is_watched = True
        self._backend.attended(True)
        self._channel.request_snapshot()

    def _somebody_is_here(self) -> None:
        if self._absence is not None:
            self._absence.cancel()
            self._absence = None

    def _view_went(self) -> None:
        """Ask whether other views are left: windows that were closed without a word cannot be counted."""
        if self._is_watched and self._absence is None:
            self._channel.reply({"kind": "anybody"})
            loop = asyncio.get_running_loop()
            self._absence = loop.call_later(ABSENCE, self._nobody_is_here)

    def _nobody_is_here(self) -> None:
        self._absence = None
        self._is_watched = False
        self._drop_saved()
        self._backend.attended(False)

    # ---- what the notebook keeps ------------------------------------------------------------------------

    def save_into(self, output: CellOutput, css_class: str) -> dict[str, str]:
        """Keep a cell's output equal to the conversation from now on; return what it should be now."""
        if self.saved is None:
            self.saved = SavedTranscript(self._backend, css_class, output)
        return self.saved.due(again=True) or {}

    def _drop_saved(self) -> None:
        saved, self.saved = self.saved, None
        if saved is not None:
            saved.close()

    # ---- out -------------------------------------------------------------------------------------------

    def _on_changes(self, changes: list[Change]) -> None:
        if not self._is_watched:
            return  # a view that comes gets a snapshot
        for change in changes:
            op = to_op(change)
            if op is None:
                self._channel.request_snapshot()
            else:
                self._channel.push(op)

    def _state(self) -> dict[str, Any]:
        """The ChatState of the comm protocol."""
        conversation = self._backend.conversation
        transcript, provider = conversation.transcript, conversation.provider_line.current
        messages, left_out = self._newest()
        return {
            "conversationId": transcript.conversation_id,
            "epoch": transcript.epoch,
            "seq": transcript.seq,
            "self": {"userId": self._backend.identity.user_id, "userName": self._backend.identity.user_name},
            "connection": conversation.link.to_wire(),
            "provider": provider and provider.to_wire(),
            "participants": msgspec.to_builtins(transcript.participants),
            "typing": transcript.typing,
            "messages": messages,
            "streams": {
                id_: {
                    "text": stream.text,
                    "metrics": stream.metrics and stream.metrics.to_wire(),
                    **({"reasoning": stream.reasoning} if stream.reasoning else {}),
                }
                for id_, stream in transcript.streams.items()
            },
            "hasMore": transcript.has_more or left_out,
        }

    def _newest(self) -> tuple[list[dict[str, Any]], bool]:
        """The newest messages that fit a snapshot, and whether some were left out."""
        chosen: list[dict[str, Any]] = []
        chars = 0
        messages = self._backend.conversation.transcript.messages
        for message in reversed(messages):
            chars += len(message.text) + len(message.metadata.get("reasoning") or "")
            if chosen and (len(chosen) >= SNAPSHOT_MESSAGES or chars > SNAPSHOT_CHARS):
                break
            chosen.append(message.to_wire())
        return chosen[::-1], len(chosen) < len(messages)

    # ---- in --------------------------------------------------------------------------------------------

    def handle(self, content: object) -> None:
        """Take a custom message of a view; what it cannot mean is ignored."""
        match content:
            case {"kind": "hello"}:
                self.watched()
            case {"kind": "here"} if self._is_watched:
                self._somebody_is_here()
            case {"kind": "here"}:
                self.watched()
            case {"kind": "bye"}:
                self._view_went()
            case {"kind": "typing", "isTyping": bool() as is_typing}:
                self._backend.conversation.set_typing(is_typing)
            case {"kind": "ping", "requestId": request_id}:  # a view asks whether anybody listens
                self._channel.reply({"kind": "reply", "requestId": request_id, "ok": True, "result": None})
            case {"kind": "retry"}:
                self._backend.conversation.retry_now()
            case {"kind": "send", "requestId": request_id, "id": str() as id_, "text": text}:
                self._serve(request_id, self._send(id_, text))
            case {"kind": "stop", "requestId": request_id, "messageId": str() as id_}:
                self._serve(request_id, self._stop(id_))
            case {"kind": "history", "requestId": request_id, "beforeSeq": int() as before}:
                self._serve(request_id, self._history(before))
            case {"requestId": request_id}:
                self._refuse(request_id, ValidationError("request", "is not one this version knows."))
            case _:
                _log.debug("A message of a view was ignored.")

    def _serve(self, request_id: object, work: Coroutine[Any, Any, Any]) -> None:
        if self._requests >= MAX_REQUESTS:
            work.close()
            self._refuse(request_id, ConduitError("Too many requests are waiting; try again in a moment."))
            return
        self._requests += 1
        self._backend.spawn(self._answer(request_id, work))

    async def _answer(self, request_id: object, work: Coroutine[Any, Any, Any]) -> None:
        try:
            result = await work
        except ConduitError as error:
            self._refuse(request_id, error)
        except Exception:  # noqa: BLE001 - a view must get an answer whatever happens
            _log.exception("A request of a view failed.")
            self._refuse(request_id, ConduitError("That did not work; the kernel's log says why."))
        else:
            self._channel.reply({"kind": "reply", "requestId": request_id, "ok": True, "result": result})
        finally:
            self._requests -= 1

    def _refuse(self, request_id: object, error: ConduitError) -> None:
        problem = {"message": str(error), "code": _code(error)}
        self._channel.reply({"kind": "reply", "requestId": request_id, "ok": False, "error": problem})

    async def _send(self, message_id: str, text: Any) -> dict[str, Any]:
        receipt = await self._backend.send(user_message(text, message_id=message_id))
        return receipt.to_wire()

    async def _stop(self, message_id: str) -> None:
        await self._backend.stop_generation(message_id)

    async def _history(self, before_seq: int) -> dict[str, Any]:
        count = await self._backend.conversation.load_history(before_seq, _HISTORY_PAGE)
        return {"count": count, "hasMore": self._backend.conversation.transcript.has_more}


def _code(error: ConduitError) -> str:
    match error:
        case ValidationError():
            return "invalid"
        case HubException():
            return "refused"
        case InvocationTimeoutError():
            return "timeout"
        case ConnectionLostError() | ConnectionFailedError():
            return "offline"
        case _:
            return "failed"
