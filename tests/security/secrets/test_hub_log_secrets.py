"""No token, key or content in any log line of a real server, at any level."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import httpx2
import pytest
import uvicorn.config

from conduit_widget.contract import MINT_PATH
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.auth.mint import mint_handler
from conduit_widget.hub.routes import Route
from tests.support.hub.client import hub_client
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, negotiate, raw_client, running, token

PATH = "/hubs/echo"
CONTENT = "a very private sentence"


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    """Collect every record of every logger, formatted the way uvicorn and a plain handler do it."""
    stream = io.StringIO()
    plain = logging.StreamHandler(stream)
    plain.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
    access = logging.StreamHandler(stream)
    access.setFormatter(
        uvicorn.logging.AccessFormatter(
            '%(client_addr)s "%(request_line)s" %(status_code)s', use_colors=False
        )
    )
    root, access_logger = logging.getLogger(), logging.getLogger("uvicorn.access")
    names = [
        *("", "uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"),
        *("websockets", "websockets.server", "asyncio"),
    ]
    before = {name: (logging.getLogger(name).level, logging.getLogger(name).propagate) for name in names}
    for name in names:
        logging.getLogger(name).setLevel(1)
        logging.getLogger(name).propagate = True  # another server of this process may have cut it off
    root.addHandler(plain)
    access_logger.addHandler(access)
    yield stream
    root.removeHandler(plain)
    access_logger.removeHandler(access)
    for name, (level, propagate) in before.items():
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).propagate = propagate


async def test_no_secret_is_logged_when_clients_come_go_and_fail(everything_logged: io.StringIO) -> None:
    """Good and bad tokens, in query and header, mint keys, content: none of it in any line."""
    good, bad, mint_key = token("ann"), token("bob", ttl=-5), "the-secret-mint-key"
    app = HubApp(
        {PATH: EchoHub()},
        authenticator=authority(),
        routes=[Route(MINT_PATH, mint_handler(authority(), mint_key), methods=("POST",))],
    )
    minted = ""
    async with running(app, access_log=True) as url:
        answer = await negotiate(url, PATH, good)
        secret_id = answer.json()["connectionToken"]
        async with raw_client(url, PATH, good) as client:
            await client.invoke("Echo", CONTENT)
            await client.invoke("Weigh", {"itemName": CONTENT, "weight": CONTENT})
            await client.invoke("Refuse", "no")
            await client.invoke("Crash")
        async with raw_client(url, PATH, good, skip_negotiation=True) as client:
            await client.socket.send(f"broken {CONTENT}\x1e")
            await client.read()
        async with httpx2.AsyncClient(base_url=url, trust_env=False) as http:
            await http.post(f"{PATH}/negotiate", params={"access_token": bad, "api_key": "condt_secretkey"})
            await http.post(f"{PATH}/negotiate", headers={"X-API-Key": "condt_secretkey"})
            await http.get("/nothing", params={"access_token": good})
            body = {"userId": "ann", "userName": "Ann"}
            reply = await http.post(MINT_PATH, json=body, headers={"Authorization": f"Bearer {mint_key}"})
            minted = reply.json()["accessToken"]
        with pytest.raises(Exception, match="401"):
            async with raw_client(url, PATH, bad, skip_negotiation=True):
                pass
    server_lines = [
        line
        for line in everything_logged.getvalue().splitlines()
        if not line.startswith(("httpx2", "httpcore2", "websockets.client"))
    ]
    text = "\n".join(server_lines)
    assert '"POST /hubs/echo/negotiate?access_token=[redacted]' in text, "the access log is on and filtered"
    for secret in (good, bad, minted, mint_key, "condt_secretkey", CONTENT):
        assert secret not in text
        assert secret.split(".")[-1] not in text
    assert secret_id not in text


@pytest.mark.parametrize("transport", ["WebSockets", "ServerSentEvents", "LongPolling"])
async def test_no_transport_s_lines_show_the_connection_s_secret_or_content(
    transport: str, everything_logged: io.StringIO
) -> None:
    """The access log of events, polls and posts has neither the id nor the token of their query."""
    app, good = HubApp({PATH: EchoHub()}, authenticator=authority()), token("ann")
    async with (
        running(app, access_log=True) as url,
        hub_client(url, PATH, good, transport=transport) as client,
    ):
        await client.invoke("Echo", CONTENT)
        await client.invoke("Crash")
        secret = client.connection_token
    text = "\n".join(
        line
        for line in everything_logged.getvalue().splitlines()
        if not line.startswith(("httpx2", "httpcore2", "websockets.client"))
    )
    assert "negotiate" in text
    assert "id=[redacted]" in text
    for hidden in (good, secret, CONTENT, "an inner detail"):
        assert hidden not in text


async def test_stock_websocket_lines_are_filtered_too(everything_logged: io.StringIO) -> None:
    """Uvicorn's own WebSocket classes print the URL with its query; the filter takes the token out."""
    from conduit_widget.hub.logs.redaction import install_redaction

    install_redaction()
    logging.getLogger("uvicorn.error").info(
        '%s - "WebSocket %s" [accepted]', "x", f"{PATH}?access_token={token()}&id=1"
    )
    assert f'"WebSocket {PATH}?access_token=[redacted]&id=1" [accepted]' in everything_logged.getvalue()
