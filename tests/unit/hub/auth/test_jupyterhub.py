"""Tokens in exchange for those of a JupyterHub: whose they are is asked there, and only own ones count."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from conduit_widget.contract import EXCHANGE_PATH
from conduit_widget.errors import SettingsError
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.auth.jupyterhub import JupyterHubExchange, owner_of
from conduit_widget.hub.auth.local_authority import LocalAuthority
from conduit_widget.hub.routes import Route
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest

SECRET = b"s" * 32


def said(**changes: Any) -> bytes:
    """JupyterHub's answer about the token of Ann's own server."""
    user = {"kind": "user", "name": "ann", "admin": False, "scopes": ["users:activity!user=ann"], **changes}
    return json.dumps(user).encode()


@pytest.mark.parametrize(
    "scopes",
    [
        *([], ["access:servers!server=bob/", "read:users:name!user=ann"], ["users:activity!user=bob"]),
        *(["read:users:activity!user=ann"], ["users:activity!user=ann2"], ["users:activity!group=ann"]),
    ],
)
def test_token_for_visitors_is_nobodys(scopes: list[str]) -> None:
    """Somebody's server has such a token of each visitor; its owner must not write in their names."""
    assert owner_of(said(scopes=scopes)) is None


@pytest.mark.parametrize(
    "answer",
    [
        *(
            b"",
            b"{}",
            b"[]",
            b"no json",
            b"[" * 5000,
            said(kind="service"),
            said(name=""),
            said(name="\u202e"),
        ),
        *(said(name="\u202e"), said(name=7), said(name="a" * 1000), said(scopes="users:activity")),
    ],
)
def test_answer_that_makes_no_sense_is_nobodys(answer: bytes) -> None:
    """A service has no name in the chat; what cannot be read is refused."""
    assert owner_of(answer) is None


def test_own_token_is_its_users() -> None:
    """The token of a server, or one that the user has made, with all they may do."""
    assert owner_of(said()) == "ann"
    assert owner_of(said(scopes=["users:activity"])) == "ann"


def test_address_must_be_one() -> None:
    """A slip of the pen is told at the start."""
    with pytest.raises(SettingsError, match="--jupyterhub-api must look like"):
        JupyterHubExchange("localhost:8081", LocalAuthority(SECRET))


async def test_token_buys_one_of_this_hub() -> None:
    """In the user's name, for reading only if so asked; JupyterHub is asked once for many requests."""
    authority = LocalAuthority(SECRET)

    async def script(request: RawRequest, reply: RawReply) -> None:
        known = request.headers["authorization"] == "Bearer anns"
        await reply.json(json.loads(said()) if known else {"status": 403}, status=200 if known else 403)

    async with RawHttpServer(script) as jupyterhub:
        exchange = JupyterHubExchange(f"http://127.0.0.1:{jupyterhub.port}/hub/api", authority)
        readers = (b'{"readOnly": true}', b'{\n\t"readOnly": true\n}')
        for body, may_write in ((b"", True), *((each, False) for each in readers), (b"", True)):
            reply = await _post(exchange, "anns", body)
            principal = authority.verify(reply.json()["accessToken"])
            assert (principal.user_id, principal.may_write) == ("ann", may_write)
        for body in (b'{"readonly": true}', b'{"readOnly": 1}', b"read", b"[" * 9000):
            assert (await _post(exchange, "anns", body)).status_code == 400, "none is taken for a writer"
        for token in ("bobs", "bobs", "a b", "x" * 9000, "ключ"):
            assert (await _post(exchange, token)).status_code == 401
        assert [request.path for request in jupyterhub.requests] == ["/hub/api/user"] * 3  # "a b" as well


@pytest.mark.parametrize("status", [502, 429])
async def test_jupyterhub_that_is_away_is_said_to_be(caplog: pytest.LogCaptureFixture, status: int) -> None:
    """Nobody is refused for good; the token is in no log."""

    async def script(_: RawRequest, reply: RawReply) -> None:
        await reply.json({}, status=status)

    caplog.set_level("DEBUG")
    async with RawHttpServer(script) as jupyterhub:
        exchange = JupyterHubExchange(f"http://127.0.0.1:{jupyterhub.port}/hub/api", LocalAuthority(SECRET))
        reply = await _post(exchange, "secret-token")
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")
    assert (await _post(exchange, "secret-token")).status_code == 503, "nobody listens there any more"
    assert "secret-token" not in caplog.text


async def _post(exchange: JupyterHubExchange, token: str, body: bytes = b"") -> httpx2.Response:
    route = Route(EXCHANGE_PATH, exchange.exchange, methods=("POST",))
    app = HubApp({}, authenticator=LocalAuthority(SECRET), routes=[route])
    headers = httpx2.Headers({"authorization": f"Bearer {token}"}, encoding="utf-8")
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        return await http.post(EXCHANGE_PATH, content=body, headers=headers)
