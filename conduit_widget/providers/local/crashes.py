"""How often a model's process failed in a row, and how long it is left alone after that."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Final

from conduit_widget.back_off import BackOff
from conduit_widget.errors import ProviderError
from conduit_widget.providers.local import troubles
from conduit_widget.providers.local.library import LocalModel

LOOP: Final = 3
"""After so many failures in a row a question gets an error at once, until the pause is over."""

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 300.0


class CrashCount:
    """Counts the failures of one model; another model's begin at nought."""

    def __init__(self) -> None:
        self._back_off = BackOff(_FIRST_PAUSE, _LONGEST_PAUSE)
        self._model: LocalModel | None = None
        self._cause = ""
        self._exit_code: int | None = None
        self._lasting: ProviderError | None = None
        self._retry_at = 0.0

    def is_loop_of(self, model: LocalModel) -> bool:
        """Whether this model fails again and again, or for a reason that stays."""
        if self._model is None or self._model.path != model.path or self._model.size != model.size:
            return False
        is_illegal = troubles.is_illegal_instruction(self._exit_code)
        return self._back_off.failures >= LOOP or is_illegal or self._lasting is not None

    def count(
        self, model: LocalModel, cause: str, exit_code: int | None, error: ProviderError | None = None
    ) -> None:
        """Count a failure; ``cause`` says in words what it was. An ``error`` that stays is raised again."""
        if self._model is not None and self._model.path != model.path:
            self.forget()
        self._model, self._cause, self._exit_code = model, cause, exit_code
        self._lasting = error if error is not None and not error.recoverable else None
        delay = self._back_off.next_delay()
        if troubles.is_illegal_instruction(exit_code):
            delay = _LONGEST_PAUSE
        self._retry_at = time.monotonic() + delay

    def forget(self) -> None:
        """Start again at nought: the model answered."""
        self._back_off.reset()
        self._model = self._lasting = None
        self._retry_at = 0.0

    async def pause(self, model: LocalModel, closing: asyncio.Event) -> None:
        """Wait until the model may be tried again, or until ``closing`` is set.

        Raises:
            ProviderError: it fails again and again, and is left alone.

        """
        left = self._retry_at - time.monotonic()
        if left <= 0 or self._model is None or self._model.path != model.path:
            return
        if self._lasting is not None:
            raise self._lasting
        if self.is_loop_of(model):
            raise troubles.keeps_ending(self._back_off.failures, self._cause, self._exit_code, left)
        with suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), left)
