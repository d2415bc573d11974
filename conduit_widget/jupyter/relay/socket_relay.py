"""One WebSocket of a page, relayed to the hub: a side is read when the other has taken what came before."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from conduit_widget.errors import ConnectionFailedError

OPEN_TIMEOUT: Final = 10.0
MAX_MESSAGE_BYTES: Final = 16 * 1024 * 1024
"""Of a hub's message: a snapshot's newest messages may be long ones."""

ABNORMAL: Final = 1011
_NOT_SENT: Final = {1005: 1000, 1006: ABNORMAL, 1015: ABNORMAL}  # codes that no peer may send


class RefusedByHubError(Exception):
    """The hub refused the WebSocket with an HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"The hub refused the connection (HTTP {status}).")
        self.status = status


class HubSocket:
    """A WebSocket to the hub."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    @classmethod
    async def open(cls, url: str, headers: Mapping[str, str]) -> HubSocket:
        """Connect.

        Raises:
            RefusedByHubError: the hub does not want it.
            ConnectionFailedError: there is no hub.

        """
        token = headers.get("authorization")
        try:
            socket = await connect(
                url.replace("http", "ws", 1),
                additional_headers={} if token is None else {"Authorization": token},
                user_agent_header=headers.get("user-agent"),
                max_size=MAX_MESSAGE_BYTES,
                max_queue=4,
                compression=None,
                open_timeout=OPEN_TIMEOUT,
                ping_interval=None,  # the hub sends its own
                proxy=None,
            )
        except InvalidStatus as error:
            raise RefusedByHubError(error.response.status_code) from None
        except (OSError, TimeoutError, InvalidHandshake) as error:
            raise ConnectionFailedError(f"The hub does not answer ({type(error).__name__}).") from None
        return cls(socket)

    async def send(self, message: str | bytes) -> None:
        """Pass a message of the page on; one that comes after the end is dropped."""
        with contextlib.suppress(ConnectionClosed):
            await self._socket.send(message)

    async def read(self, page: Callable[[str | bytes], Awaitable[object]]) -> tuple[int, str]:
        """Pass the hub's messages on until it closes; return with what code and reason."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await page(await self._socket.recv())
        code = self._socket.close_code or ABNORMAL
        return _NOT_SENT.get(code, code), self._socket.close_reason or ""

    async def close(self) -> None:
        """Close it, as a page that goes does."""
        await self._socket.close()
