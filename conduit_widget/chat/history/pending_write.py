"""A write under way, and how those who wait for it and listen to it are told of its outcome."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Generic, TypeVar

from conduit_widget.errors import trace_of

W_co = TypeVar("W_co", covariant=True)
T = TypeVar("T")

_logger = logging.getLogger(__name__)


class PendingWrite(Generic[W_co, T]):
    """The ``work``, the caller's ``future``, the listener, and the ``outcome`` once there is one."""

    __slots__ = ("future", "on_commit", "outcome", "work")

    def __init__(self, work: W_co, future: asyncio.Future[T], on_commit: Callable[[T], None] | None) -> None:
        self.work = work
        self.future = future
        self.on_commit = on_commit
        self.outcome: T | Exception | None = None

    def tell_listener(self) -> None:
        """Call ``on_commit`` with the result, if there is one."""
        if self.on_commit is None or isinstance(self.outcome, Exception):
            return
        try:
            self.on_commit(self.outcome)  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 - one listener's fault must not cost the others their results
            _logger.error("A commit callback failed: %s", trace_of(error))  # noqa: TRY400

    def tell_caller(self) -> None:
        """End the caller's wait with the outcome."""
        if self.future.done():
            return
        if isinstance(self.outcome, Exception):
            self.future.set_exception(self.outcome)
        else:
            self.future.set_result(self.outcome)  # type: ignore[arg-type]
