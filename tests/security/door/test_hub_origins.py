"""Origins and Hosts on every transport: exact, or refused before anything else happens."""

from __future__ import annotations

import httpx2
import pytest
from websockets.asyncio.client import connect

from conduit_widget.hub.app import HubApp
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, negotiate, running, token

PATH = "/hubs/echo"
GOOD = "https://chat.example.org"
BAD = [
    "https://evil.example.org",
    "http://chat.example.org",
    "https://chat.example.org:444",
    "https://chat.example.org.evil.com",
    "https://chat.example.org@evil.com",
    "null",
    "",
]


def _app() -> HubApp:
    return HubApp({PATH: EchoHub()}, authenticator=authority(), allowed_origins=[GOOD])


async def test_foreign_origins_are_refused_on_every_transport() -> None:
    """403 and no CORS headers: negotiate, events, polls, posts, deletes, preflights, WebSockets."""
    headers = {"Authorization": f"Bearer {token()}"}
    async with running(_app()) as url, httpx2.AsyncClient(trust_env=False, headers=headers) as http:
        secret = (await negotiate(url, PATH, token())).json()["connectionToken"]
        address = f"{url}{PATH}?id={secret}"
        for origin in BAD:
            foreign = {"Origin": origin}
            for verb in ("GET", "POST", "DELETE", "OPTIONS"):
                for target in (address, f"{url}{PATH}/negotiate"):
                    answer = await http.request(verb, target, headers=foreign)
                    assert answer.status_code == 403, (verb, origin)
                    assert "access-control-allow-origin" not in answer.headers
            events = await http.get(address, headers={**foreign, "Accept": "text/event-stream"})
            assert events.status_code == 403
            with pytest.raises(Exception, match="403"):
                await connect(
                    f"{address.replace('http', 'ws', 1)}&access_token={token()}",
                    proxy=None,
                    additional_headers=foreign,
                )
        assert (await http.get(address)).status_code == 200, "the id is still unused"
        await http.delete(address)


async def test_allowed_origin_gets_its_cors_headers_on_every_transport() -> None:
    """The origin itself, never a star, with credentials; preflights name the verbs and headers."""
    headers = {"Authorization": f"Bearer {token()}", "Origin": GOOD}
    async with running(_app()) as url, httpx2.AsyncClient(trust_env=False, headers=headers) as http:
        address = f"{url}{PATH}"
        answers = [await http.post(f"{address}/negotiate", params={"negotiateVersion": "1"})]
        http.params = http.params.set("id", answers[0].json()["connectionToken"])
        answers += [
            await http.get(address),
            await http.post(address, content=b""),
            await http.delete(address),
        ]
        answers.append(await http.get(address))
        assert [answer.status_code for answer in answers] == [200, 200, 202, 202, 404]
        preflight = await http.request("OPTIONS", address)
        assert preflight.status_code == 204
        assert {"GET", "POST", "DELETE"} <= set(preflight.headers["access-control-allow-methods"].split(", "))
        assert "x-signalr-user-agent" in preflight.headers["access-control-allow-headers"]
        for answer in (*answers, preflight):
            assert answer.headers["access-control-allow-origin"] == GOOD
            assert answer.headers["access-control-allow-credentials"] == "true"
            assert answer.headers["vary"] == "Origin"
        second = (await negotiate(url, PATH, token())).json()["connectionToken"]
        async with http.stream(
            "GET", address, params={"id": second}, headers={"Accept": "text/event-stream"}
        ) as events:
            assert (events.status_code, events.headers["access-control-allow-origin"]) == (200, GOOD)


async def test_foreign_host_is_refused_on_every_transport() -> None:
    """A name that was rebound to this machine gets nothing."""
    async with running(_app()) as url, httpx2.AsyncClient(trust_env=False) as http:
        for verb in ("GET", "POST", "DELETE"):
            answer = await http.request(verb, url + PATH, headers={"Host": "evil.example.org"})
            assert answer.status_code == 400
