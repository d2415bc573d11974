"""A page's WebSocket on its way to the hub."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from conduit_widget.jupyter.relay.socket_relay import HubSocket, RefusedByHubError


async def test_hub_refuses_whoever_has_no_token_and_we_say_so() -> None:
    """A shared hub for which nobody has given a token is no fault of ours."""
    seen: list[Request] = []

    def refuse(socket: ServerConnection, request: Request) -> Response:
        seen.append(request)
        return socket.respond(HTTPStatus.UNAUTHORIZED, "")

    async def nobody(_: ServerConnection) -> None: ...

    async with serve(nobody, "127.0.0.1", 0, process_request=refuse) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        with pytest.raises(RefusedByHubError) as refused:
            await HubSocket.open(f"http://127.0.0.1:{port}/hubs/chat", {})
    assert refused.value.status == HTTPStatus.UNAUTHORIZED
    assert "authorization" not in seen[0].headers
