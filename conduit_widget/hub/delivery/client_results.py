"""Results the hub awaits from one client: ids, completions, and an end for each of them."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from conduit_widget.errors import ConnectionLostError, HubException, InvocationTimeoutError
from conduit_widget.nesting import MAX_DEPTH, is_too_deep
from conduit_widget.protocol.messages import Completion

MAX_PENDING: Final = 100
# Never the id of a stream the client chose.
_PREFIX: Final = "server-"


class ClientResults:
    """Pending results of one client; at most ``MAX_PENDING`` at a time."""

    __slots__ = ("_last", "_pending")

    def __init__(self) -> None:
        self._last = 0
        self._pending: dict[str, asyncio.Future[Any]] = {}

    def expect(self) -> tuple[str, asyncio.Future[Any]]:
        """Return an invocation id and the future of its result.

        Raises:
            HubException: the client owes too many already.

        """
        if len(self._pending) >= MAX_PENDING:
            raise HubException(f"A client may owe {MAX_PENDING} results at a time")
        self._last += 1
        invocation_id = f"{_PREFIX}{self._last}"
        future = self._pending[invocation_id] = asyncio.get_running_loop().create_future()
        return invocation_id, future

    async def wait(
        self, target: str, invocation_id: str, future: asyncio.Future[Any], timeout: float | None
    ) -> Any:
        """Return the result; what comes after a timeout is ignored.

        Raises:
            HubException: the client answered with an error.
            ConnectionLostError: the connection ended first.
            InvocationTimeoutError: no answer within ``timeout`` seconds.

        """
        try:
            async with asyncio.timeout(timeout) as deadline:
                return await future
        except TimeoutError:
            if deadline.expired() and timeout is not None:
                raise InvocationTimeoutError(target, timeout) from None
            raise
        finally:
            self._pending.pop(invocation_id, None)

    def complete(self, message: Completion) -> bool:
        """Take a completion; ``False`` when it belongs to nothing awaited here."""
        future = self._pending.get(message.invocation_id)
        if future is None:
            return message.invocation_id.startswith(_PREFIX)
        if not future.done():
            if message.error is not None:
                future.set_exception(HubException(message.error))
            elif is_too_deep(message.result):
                future.set_exception(
                    HubException(f"The client's result nests more than {MAX_DEPTH} levels deep.")
                )
            else:
                future.set_result(message.result if message.has_result else None)
        return True

    def forget(self, invocation_id: str) -> None:
        """Take back an expectation whose invocation was never sent."""
        self._pending.pop(invocation_id, None)

    def drop(self) -> None:
        """Fail everything pending: the connection is gone."""
        for future in self._pending.values():
            if not future.done():
                future.set_exception(ConnectionLostError("The client left before it answered."))
