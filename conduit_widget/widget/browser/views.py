"""The views of one widget: what is sent to them, what they ask for, and whether anybody looks.

What the views of every widget and the kernel say to each other is here; what one kind of widget says besides
is in its own file. Custom messages of the comm carry it (``js/src/kernel/messages.ts``); nothing is synced.
Everything here runs on the loop thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from conduit_widget.errors import (
    ConduitError,
    ConnectionFailedError,
    ConnectionLostError,
    HubException,
    InvocationTimeoutError,
    ValidationError,
)
from conduit_widget.kernel.comm_batcher import CommChannel
from conduit_widget.widget.attachments.binary import Binary
from conduit_widget.widget.browser.chunks import send_chunk

_logger = logging.getLogger(__name__)

MAX_REQUESTS: Final = 200
ABSENCE: Final = 5.0  # seconds in which a view that is still there answers


class Views:
    """All views of one widget, however many windows show it.

    Overflow policy: with :data:`MAX_REQUESTS` requests running, the next ones are refused.

    Args:
        channel: the way to the views.
        attended: called with whether somebody looks, when that changes.

    """

    def __init__(self, channel: CommChannel, attended: Callable[[bool], None]) -> None:
        self.is_watched = False
        self._channel = channel
        self._attended = attended
        self._absence: asyncio.TimerHandle | None = None
        self._requests: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """Send nothing any more, and end the requests under way."""
        self._channel.close()
        self._somebody_is_here()
        for request in list(self._requests):
            request.cancel()

    # ---- who looks -------------------------------------------------------------------------------------

    def watched(self) -> None:
        """Note that somebody looks, or will in a moment: send the present state, and changes from now on.

        A view whose hello waits for a busy kernel so has something to apply ops to.
        """
        self._somebody_is_here()
        self.is_watched = True
        self._channel.in_sight = True
        self._attended(True)
        self._channel.request_snapshot()

    def _somebody_is_here(self) -> None:
        if self._absence is not None:
            self._absence.cancel()
            self._absence = None

    def _view_went(self) -> None:
        """Ask whether other views are left: windows that were closed without a word cannot be counted."""
        if self.is_watched and self._absence is None:
            self._channel.send({"kind": "anybody"})
            self._absence = asyncio.get_running_loop().call_later(ABSENCE, self.nobody_is_here)

    def nobody_is_here(self) -> None:
        """Note that nobody looks any more."""
        self._somebody_is_here()
        self.is_watched = False
        self._attended(False)

    # ---- what they say ---------------------------------------------------------------------------------

    def handle(self, content: object) -> None:
        """Act on a message that the views of every widget may send; others are refused or ignored."""
        match content:
            case {"kind": "hello"}:
                self.watched()
            case {"kind": "here"} if self.is_watched:
                self._somebody_is_here()
            case {"kind": "here"}:
                self.watched()
            case {"kind": "bye"}:
                self._view_went()
            case {"kind": "sight", "inSight": bool() as in_sight}:
                self._channel.in_sight = in_sight
            case {"kind": "ping", "requestId": request_id}:  # a view asks whether anybody listens
                self._reply(request_id, None)
            case {"kind": "chunk", "requestId": request_id, "name": str() as name, "from": int() as start}:
                self.serve(request_id, send_chunk(name, start))
            case {"requestId": request_id}:
                self.refuse(request_id, ValidationError("request", "is not one this version knows."))
            case _:
                _logger.debug("A message of a view was ignored.")

    def serve(self, request_id: object, work: Coroutine[Any, Any, Any]) -> None:
        """Do what a view asks for, and reply with its result or with what went wrong."""
        if len(self._requests) >= MAX_REQUESTS:
            work.close()
            self.refuse(request_id, ConduitError("Too many requests are waiting; try again in a moment."))
            return
        task = asyncio.get_running_loop().create_task(self._answer(request_id, work))
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)

    async def _answer(self, request_id: object, work: Coroutine[Any, Any, Any]) -> None:
        try:
            result = await work
        except ConduitError as error:
            self.refuse(request_id, error)
        except Exception:
            _logger.exception("A request of a view failed.")
            self.refuse(request_id, ConduitError("That did not work; the kernel's log says why."))
        else:
            self._reply(request_id, result)

    def _reply(self, request_id: object, result: Any) -> None:
        buffers, result = ([result.content], result.size) if isinstance(result, Binary) else ([], result)
        message = {"kind": "reply", "requestId": request_id, "ok": True, "result": result}
        self._channel.send(message, buffers)

    def refuse(self, request_id: object, error: ConduitError) -> None:
        """Reply that it cannot be done, and why."""
        problem = {"message": str(error), "code": _code(error)}
        self._channel.send({"kind": "reply", "requestId": request_id, "ok": False, "error": problem})


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
