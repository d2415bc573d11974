"""The conversation as a notebook keeps it: a static output, replaced when the conversation rests.

Everything here runs on the loop thread. The output is never written per token: an answer appears in it once
it is finished, and while one is being written, or waited for, the output stays as it is.
"""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from typing import Any, Final

from conduit_widget.chat_client.conversation.requests import LARGEST_PAGE
from conduit_widget.chat_client.state.changes import Change, HistoryChange, MessageChange, ResetChange
from conduit_widget.chat_client.state.messages import read_messages, seq_of
from conduit_widget.errors import trace_of
from conduit_widget.kernel.cell_output import CellOutput
from conduit_widget.types import ChatMessage
from conduit_widget.widget.chat.backend import ChatBackend
from conduit_widget.widget.chat.display import MAX_SHOWN, saved_bundle

_SAVED_CLASS: Final = re.compile(r"conduit-[0-9a-f]{12}")
_logger = logging.getLogger(__name__)

MAX_READINGS: Final = 3  # of the earlier messages, where something changes meanwhile
MAX_PAGES: Final = 5  # of positions that are looked through for earlier messages; not each of them is one
REST: Final = 1.0  # seconds without a change
MAX_UNREST: Final = 30.0  # seconds after which a conversation that never rests is written between two answers
MAX_ANSWERING: Final = 600.0  # seconds after which it is written all the same: there is always one on its way


def new_saved_class() -> str:
    """Return the CSS class by which a live view finds its saved transcript: no other chat has it."""
    return f"conduit-{uuid.uuid4().hex[:12]}"


def is_saved_class(text: str) -> bool:
    """Whether a text is one of :func:`new_saved_class`."""
    return _SAVED_CLASS.fullmatch(text) is not None


def kept_of(backend: ChatBackend, css_class: str) -> dict[str, Any]:
    """Return what a notebook keeps of a chat as it is now."""
    return saved_bundle(backend.conversation_id, backend.messages(), css_class, withheld=backend.withheld)


async def wholly_kept_of(backend: ChatBackend, css_class: str) -> dict[str, Any]:
    """Return what a notebook keeps of a chat of which little was loaded: as much as it ever keeps.

    A page that takes over from the one that ran the cell has joined with the newest messages alone; what the
    notebook had of earlier ones must not go.

    Raises:
        ConduitError: the hub does not give them now.

    """
    transcript = backend.conversation.transcript
    for _ in range(MAX_READINGS):
        position = transcript.seq
        earlier = await _earlier_of(backend)
        # What was changed or deleted while the pages came may be in one as it was before.
        if transcript.seq == position:
            break
    here = backend.messages()
    known = {each.id for each in here}
    told = [*(each for each in earlier if each.id not in known), *here]
    return saved_bundle(backend.conversation_id, told, css_class, withheld=backend.withheld)


async def _earlier_of(backend: ChatBackend) -> list[ChatMessage]:
    """Return the messages before those that are loaded, as far as a notebook keeps them."""
    conversation, earlier = backend.conversation, list[ChatMessage]()
    oldest = conversation.transcript.oldest_seq or 0
    has_more = conversation.transcript.has_more and backend.withheld is None
    for _ in range(MAX_PAGES if has_more else 0):
        if oldest <= 1 or len(earlier) + len(backend.messages()) >= MAX_SHOWN:
            break
        start = max(oldest - 1 - LARGEST_PAGE, 0)
        page = read_messages((await conversation.requests.page_after(start)).messages)
        earlier = [*(each for each in page if (seq_of(each) or 0) < oldest), *earlier]
        oldest = start + 1
    return earlier


class SavedTranscript:
    """Keeps one cell output equal to a conversation."""

    def __init__(self, backend: ChatBackend, css_class: str, output: CellOutput) -> None:
        self._backend = backend
        self._css_class = css_class
        self._output = output
        self._timer: asyncio.TimerHandle | None = None
        self._write_until = 0.0
        self._written: dict[str, Any] = {}
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

    def due(self, *, again: bool = False) -> dict[str, Any] | None:
        """Return what the output should be now, for the caller to write it.

        None where it is that already (unless it is wanted ``again``), or while an answer is being written.
        """
        if self._backend.is_being_answered and not again:
            return None
        bundle = self._bundle()
        is_new = bundle != self._written
        self._written = bundle
        return bundle if is_new or again else None

    def _bundle(self) -> dict[str, Any]:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return kept_of(self._backend, self._css_class)

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
        answers_until = self._write_until - MAX_UNREST + MAX_ANSWERING
        if self._backend.is_being_answered and loop.time() < answers_until:
            self._timer = loop.call_later(REST, self._rested)
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
