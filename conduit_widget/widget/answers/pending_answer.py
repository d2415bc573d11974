"""The answer to ``chat.ask(…)``: waited for, and shown while it is written where a cell ends with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from conduit_widget.errors import ConduitError, trace_of
from conduit_widget.kernel.cell_output import CellOutput, after_each_cell
from conduit_widget.kernel.loop_thread import LoopThread
from conduit_widget.text.markup import as_shown, text_html
from conduit_widget.types import ChatMessage
from conduit_widget.widget.answers.answer import Answer
from conduit_widget.widget.answers.pending_result import PendingResult

_logger = logging.getLogger(__name__)

INTERVAL: Final = 0.5  # seconds between two pictures of an answer that is being written


class PendingAnswer(PendingResult[ChatMessage]):
    """What ``chat.ask`` returns. Shown in a notebook, its output is updated while the answer is written.

    Args:
        thread: the loop thread.
        ask: given a function to call with the answer once it has begun, waits for its end.
        waits: says why nothing comes at present, in a sentence; empty where that is as usual.

    """

    def __init__(
        self,
        thread: LoopThread,
        ask: Callable[[Callable[[Answer], None]], Coroutine[Any, Any, ChatMessage]],
        waits: Callable[[], str] = str,
    ) -> None:
        begun: list[Answer] = []
        super().__init__("ask", thread.submit(ask(begun.append)))
        self._thread = thread
        self._begun = begun
        self._waits = waits

    def _ipython_display_(self, **_: Any) -> None:
        """Show the answer as it comes.

        Raises:
            NotImplementedError: there is no notebook to show it in; the repr is shown instead.

        """
        output = CellOutput()
        shown = self._picture()
        output.show(shown)
        self._retrieved = True  # an error is shown
        written = [shown]

        def cell_ended() -> None:
            """Write what is new while outputs are still taken, for whoever runs notebooks unattended."""
            picture = self._picture()
            if picture != written[-1]:
                written[:] = [picture]
                output.update(picture)
            if self._future.done():
                forget()

        forget = after_each_cell(cell_ended)
        self._thread.submit(self._follow(output))

    async def _follow(self, output: CellOutput) -> None:
        shown, is_over = self._picture(), False
        while not is_over:
            is_over = self._future.done()
            picture = self._picture()
            if picture != shown or is_over:
                shown = picture
                try:
                    output.update_from_background(picture)
                except Exception as error:  # noqa: BLE001 - the kernel's sockets may be going down
                    _logger.warning("An answer could not be shown: %s", trace_of(error))
                    return
            if not is_over:
                await asyncio.sleep(INTERVAL)

    def _picture(self) -> dict[str, str]:
        if self._future.done() and not self._future.cancelled():
            error = self._future.exception()
            if error is None:
                return self._future.result()._repr_mimebundle_()
            text = str(error) if isinstance(error, ConduitError) else type(error).__name__
        elif self._future.cancelled():
            text = self._text() + "\n\n(stopped)"
        else:
            text = " ".join(filter(None, [self._text() or "…", self._waits()]))
        return {"text/plain": as_shown(text), "text/html": text_html(text)}

    def _text(self) -> str:
        return self._begun[0].text if self._begun else ""
