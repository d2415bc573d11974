"""Pages for operators: on a hub that other machines reach, only who has the role sees them."""

from __future__ import annotations

import time
from pathlib import Path

import httpx2
import jwt
import pytest

from conduit_widget.contract import (
    FIGURES_PATH,
    HEALTH_PATH,
    METRICS_PATH,
    READY_PATH,
    TOKEN_AUDIENCE,
    TOKEN_ISSUER,
)
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.auth.opaque_keys import OpaqueKeyFile, OpaqueKeys
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import SECRET, authority, running, token


def _token(**claims: object) -> str:
    now = int(time.time())
    body = {
        "sub": "ann",
        "aud": TOKEN_AUDIENCE,
        "iss": TOKEN_ISSUER,
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
    }
    return jwt.encode({**body, "jti": "1", **claims}, SECRET, algorithm="HS256")


@pytest.mark.parametrize("page", [METRICS_PATH, FIGURES_PATH])
@pytest.mark.parametrize(
    ("access_token", "status"),
    [
        (None, 401),
        ("garbage", 401),
        (_token(), 403),
        (_token(roles=["editor"]), 403),
        (_token(roles=["operator"], exp=1), 401),
        (_token(roles=["operator"]), 200),
        (_token(role="operator"), 200),
    ],
    ids=["nobody", "garbage", "member", "other role", "expired", "operator", "one role"],
)
async def test_metrics_are_for_operators_when_others_reach_the_hub(
    access_token: str | None, status: int, page: str
) -> None:
    """No credential: 401; a member: 403; an operator sees them. A token in the URL counts for nothing."""
    app = HubApp({"/hubs/echo": EchoHub()}, authenticator=authority(), operators_only=True)
    headers = {} if access_token is None else {"Authorization": f"Bearer {access_token}"}
    async with running(app) as url, httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        answer = await http.get(page, headers=headers)
        assert answer.status_code == status
        assert (b"/hubs/echo" in answer.content) is (status == 200)
        in_url = await http.get(page, params={"access_token": _token(roles=["operator"])})
        assert in_url.status_code == 401
        for probe in (HEALTH_PATH, READY_PATH):
            assert (await http.get(probe)).status_code == 200, "health needs nobody's leave"


async def test_metrics_are_open_when_only_this_machine_reaches_the_hub() -> None:
    """The local hub's metrics need no token."""
    app = HubApp({"/hubs/echo": EchoHub()}, authenticator=authority())
    async with running(app) as url, httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        for page in (METRICS_PATH, FIGURES_PATH):
            assert (await http.get(page)).status_code == 200
            assert (await http.post(page)).status_code == 405
        assert (await http.get(METRICS_PATH, headers={"Authorization": f"Bearer {token()}"})).is_success


async def test_operator_s_key_shows_the_metrics_and_another_s_does_not(tmp_path: Path) -> None:
    """A scraper has an opaque key with the role, sent as it can: as Bearer or as X-API-Key."""
    file = OpaqueKeyFile(tmp_path / "keys.json")
    operator, _ = file.create("prometheus", "Prometheus", roles=["operator"])
    member, _ = file.create("bot", "Bot")
    keys = OpaqueKeys(tmp_path / "keys.json")
    app = HubApp({"/hubs/echo": EchoHub()}, authenticator=keys, operators_only=True)
    async with running(app) as url, httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        for key, status in ((operator, 200), (member, 403), (operator + "x", 401)):
            for headers in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key}):
                assert (await http.get(METRICS_PATH, headers=headers)).status_code == status
            assert (await http.get(METRICS_PATH, params={"api_key": key})).status_code == 401
