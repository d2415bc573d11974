"""The part of ``Chat`` about its way to the hub: waiting for it, and a chat for one block of code."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final, Self, TypeVar

from conduit_widget.chat_client.state.changes import ConnectionInfo
from conduit_widget.errors import ConnectionFailedError, InvocationTimeoutError
from conduit_widget.widget.answers.pending_result import PendingResult
from conduit_widget.widget.browser.live_widget import LiveWidget
from conduit_widget.widget.chat.backend import ChatBackend

_T = TypeVar("_T")

CONNECT_TIMEOUT: Final = 30.0


class ChatConnecting(LiveWidget):
    """Methods of ``Chat`` that wait for the conversation to be live."""

    @property
    def _backend(self) -> ChatBackend:
        raise NotImplementedError

    def _pending(self, what: str, coroutine: Coroutine[Any, Any, _T]) -> PendingResult[_T]:
        raise NotImplementedError

    def _read(self, function: Callable[[ChatBackend], _T]) -> _T:
        raise NotImplementedError

    @property
    def connection(self) -> ConnectionInfo:
        """State of the way to the hub: ``state``, ``attempt``, ``retry_at`` (epoch ms), ``message``."""
        return self._read(lambda backend: backend.conversation.connectivity.info)

    def wait_connected(self, timeout: float = CONNECT_TIMEOUT) -> None:
        """Block until the conversation is live, up to ``timeout`` seconds.

        Raises:
            ConnectionFailedError: it is not, or the hub refuses us (AuthenticationError where it refuses the
                token), which is raised at once; the text says why.
            HubException: we are not a member.

        """
        pending = self._pending("connecting", _wait_live(self._backend))
        try:
            pending.result(timeout)
        except InvocationTimeoutError:
            pending.cancel()
            self._check_live(timeout)

    def _check_live(self, timeout: float) -> None:
        link = self.connection
        if link.state != "live":
            why = link.message or f"still {link.state} after {timeout:g} s."
            raise ConnectionFailedError(f"The chat is not connected: {why}")

    def __enter__(self) -> Self:
        """Wait until the conversation is live; the end of the block closes the chat.

        Raises:
            ConduitError: as :meth:`wait_connected`; the chat is then closed.

        """
        with self._closed_on_error():
            self.wait_connected()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        """Do the same without blocking the loop: ``async with Chat("team") as chat: …``."""
        pending = self._pending("connecting", _wait_live(self._backend))
        with self._closed_on_error():
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT):
                    await pending
            except TimeoutError:
                self._check_live(CONNECT_TIMEOUT)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise


async def _wait_live(backend: ChatBackend) -> None:
    await backend.conversation.connectivity.wait_live()
