"""Who gets in: tokens, origins and hosts over real sockets."""

from __future__ import annotations

import time
from typing import Any

import httpx2
import jwt
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from conduit_widget.contract import TOKEN_AUDIENCE, TOKEN_ISSUER, ErrorText
from conduit_widget.hub.app import HubApp
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import SECRET, authority, negotiate, raw_client, running, token

PATH = "/hubs/echo"


def _forged(secret: bytes | str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "sub": "ann",
        "aud": TOKEN_AUDIENCE,
        "iss": TOKEN_ISSUER,
        "iat": now,
        "nbf": now,
        "exp": now + 86400,  # made when the tests are collected, long before they run
    }
    return jwt.encode({**claims, "jti": "1", **changes}, secret, algorithm=algorithm)


def _app() -> HubApp:
    return HubApp({PATH: EchoHub()}, authenticator=authority())


async def _status(url: str, access_token: str | None, **options: Any) -> int:
    query = "" if access_token is None else f"?access_token={access_token}"
    try:
        async with connect(f"{url.replace('http', 'ws', 1)}{PATH}{query}", proxy=None, **options):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


@pytest.mark.parametrize(
    ("access_token", "text"),
    [
        (None, ErrorText.AUTHENTICATION_REQUIRED),
        ("garbage", ErrorText.INVALID_AUTHENTICATION),
        (_forged(exp=int(time.time()) - 1), ErrorText.INVALID_AUTHENTICATION),
        (_forged(aud="other"), ErrorText.INVALID_AUTHENTICATION),
        (_forged(iss="other"), ErrorText.INVALID_AUTHENTICATION),
        (_forged(b"x" * 40), ErrorText.INVALID_AUTHENTICATION),
        (_forged(SECRET * 3, "HS512"), ErrorText.INVALID_AUTHENTICATION),
        (_forged("", "none"), ErrorText.INVALID_AUTHENTICATION),
    ],
    ids=["missing", "garbage", "expired", "audience", "issuer", "key", "algorithm", "none"],
)
async def test_wrong_token_is_refused_at_both_doors(access_token: str | None, text: str) -> None:
    """Negotiate and the WebSocket itself answer 401 with the contract's text."""
    async with running(_app()) as url:
        response = await negotiate(url, PATH, access_token)
        assert (response.status_code, response.json()) == (401, {"error": text})
        assert response.headers["www-authenticate"] == "Bearer"
        assert await _status(url, access_token) == 401


async def test_identity_comes_from_the_token_only() -> None:
    """Whatever a client claims elsewhere, the hub sees the token's subject."""
    async with running(_app()) as url, raw_client(url, f"{PATH}", token("ann")) as client:
        assert (await client.invoke("Who"))["result"]["userId"] == "ann"


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 101),
        ("http://localhost:8888", 101),
        ("https://evil.example", 403),
        ("null", 403),
        ("http://localhost.evil.example", 403),
    ],
)
async def test_origin_is_checked_at_the_websocket(origin: str | None, status: int) -> None:
    """A foreign page cannot open a WebSocket, even with a token; native clients have no origin."""
    async with running(_app()) as url:
        assert await _status(url, token(), origin=None if origin is None else Origin(origin)) == status


async def test_foreign_page_gets_no_cors_headers() -> None:
    """Preflight and answer are for allowed origins only."""
    async with running(_app()) as url, httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        for origin, status in (("http://localhost:8888", 204), ("https://evil.example", 403)):
            headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            answer = await http.options(f"{PATH}/negotiate", headers=headers)
            assert answer.status_code == status
            assert answer.headers.get("access-control-allow-origin") == (origin if status == 204 else None)
        answer = await http.post(f"{PATH}/negotiate", headers={"Origin": "http://localhost:8888"})
        assert answer.headers["access-control-allow-origin"] == "http://localhost:8888"
        assert answer.headers["access-control-allow-credentials"] == "true"


async def test_rebound_host_name_is_refused() -> None:
    """A name that merely resolves to this machine is not served (DNS rebinding)."""
    async with running(_app()) as url, httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        headers = {"Host": "evil.example", "Authorization": f"Bearer {token()}"}
        assert (await http.post(f"{PATH}/negotiate", headers=headers)).status_code == 400
        assert (await http.get("/metrics", headers=headers)).status_code == 400
        port = int(url.rsplit(":", 1)[1])
        assert await _status(f"http://evil.example:{port}", token(), host="127.0.0.1") == 400
        assert await _status(f"http://localhost:{port}", token(), host="127.0.0.1") == 101
        assert await _status(url, token(), additional_headers={"Host": "evil.example"}) == 400, "two hosts"


async def test_configured_hosts_and_origins_replace_loopback() -> None:
    """A site's hub serves its own names only."""
    app = HubApp(
        {PATH: EchoHub()},
        authenticator=authority(),
        allowed_origins=["https://lab.example"],
        allowed_hosts=["hub.example", "127.0.0.1"],
    )
    async with running(app) as url:
        assert await _status(url, token(), origin=Origin("https://lab.example")) == 101
        assert await _status(url, token(), origin=Origin("http://localhost:8888")) == 403


async def test_query_token_opens_nothing_outside_the_hubs() -> None:
    """Tokens in URLs count for hubs only."""
    app = HubApp({"/other/echo": EchoHub()}, authenticator=authority())
    async with running(app) as url, httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        answer = await http.post("/other/echo/negotiate", params={"access_token": token()})
        assert answer.status_code == 401
