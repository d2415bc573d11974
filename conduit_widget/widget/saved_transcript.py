"""The conversation as a notebook keeps it: a static output, replaced when the conversation rests.

Everything here runs on the loop thread. The output is never written per token: an answer appears in it once
it is finished.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from conduit_widget.chat_client.state.changes import Change, HistoryChange, MessageChange, ResetChange
from conduit_widget.errors import trace_of
from conduit_widget.kernel.cell_output import CellOutput
from conduit_widget.widget.backend import ChatBackend
from conduit_widget.widget.display import saved_bundle

_logger = logging.getLogger(__name__)

REST: Final = 1.0  # seconds without a change
MAX_UNREST: Final = 30.0  # seconds after which a conversation that never rests is written all the same


class SavedTranscript:
    """Keeps one cell output equal to a conversation."""

    def __init__(self, backend: ChatBackend, css_class: str, output: CellOutput) -> None:
        self._backend = backend
        self._css_class = css_class
        self._output = output
        self._timer: asyncio.TimerHandle | None = None
        self._write_until = 0.0
        self._written: dict[str, str] = {}
        self._unsubscribe = backend.subscribe(self._on_changes)

    def moved_to(self, backend: ChatBackend) -> SavedTranscript:
        """Return one that keeps the output equal to another conversation from now on; this one ends."""
        self._unsubscribe()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        moved = SavedTranscript(backend, self._css_class, self._output)
        moved._rest_begins()
        return moved

    def close(self) -> None:
        """Write what is new a last time, and stop following the conversation."""
        self._unsubscribe()
        if self._timer is not None:
            self._write()

    @property
    def has_news(self) -> bool:
        """Whether something has changed since the output was written. Any thread may read this."""
        return self._timer is not None

    def due(self, *, again: bool = False) -> dict[str, str] | None:
        """Return what the output should be now, for the caller to write it.

        None where it is that already (unless it is wanted ``again``), or while an answer is being written.
        """
        if self._backend.is_being_answered and not again:
            return None
        bundle = self._bundle()
        is_new = bundle != self._written
        self._written = bundle
        return bundle if is_new or again else None

    def _bundle(self) -> dict[str, str]:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        backend = self._backend
        return saved_bundle(
            backend.conversation_id, backend.messages(), self._css_class, withheld=backend.withheld
        )

    def _on_changes(self, changes: list[Change]) -> None:
        if not any(isinstance(change, MessageChange | ResetChange | HistoryChange) for change in changes):
            return
        self._rest_begins()

    def _rest_begins(self) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is None:
            self._write_until = loop.time() + MAX_UNREST
        else:
            self._timer.cancel()
        self._timer = loop.call_at(min(loop.time() + REST, self._write_until), self._rested)

    def _rested(self) -> None:
        loop = asyncio.get_running_loop()
        if self._backend.is_being_answered and loop.time() < self._write_until:
            self._timer = loop.call_at(min(loop.time() + REST, self._write_until), self._rested)
        else:
            self._write()

    def _write(self) -> None:
        bundle = self._bundle()
        if bundle == self._written:
            return
        self._written = bundle
        try:
            self._output.update_from_background(bundle)
        except Exception as error:  # noqa: BLE001 - the kernel's sockets may be going down
            _logger.warning("The saved transcript could not be written: %s", trace_of(error))
