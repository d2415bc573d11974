"""The secret of a connection: nobody else's, never the public id, compared without telling by the time."""

from __future__ import annotations

import ast
import re
import time
from pathlib import Path
from types import SimpleNamespace

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

import conduit_widget.hub as hub_package
from conduit_widget.contract import HANDSHAKE_TIMEOUT
from conduit_widget.hub.app import HubApp
from tests.support.hub.client import hub_client
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, negotiate, running, token

PATH, OTHER = "/hubs/echo", "/hubs/other"


def _app() -> HubApp:
    return HubApp({PATH: EchoHub(), OTHER: EchoHub()}, authenticator=authority())


async def _statuses(address: str, id_: str, access_token: str) -> list[int]:
    """Return how each way in answers to an id: events, poll, post, delete, WebSocket."""
    found = []
    query = {"id": id_, "access_token": access_token}
    async with httpx2.AsyncClient(trust_env=False, params=query) as http:
        events = {"Accept": "text/event-stream"}
        found += [
            (await http.get(address, headers=events)).status_code,
            (await http.get(address)).status_code,
            (await http.post(address, content=b"{}\x1e")).status_code,
            (await http.delete(address)).status_code,
        ]
    try:
        async with connect(
            f"{address.replace('http', 'ws', 1)}?id={id_}&access_token={access_token}", proxy=None
        ):
            found.append(101)
    except InvalidStatus as error:
        found.append(error.response.status_code)
    return found


async def test_promised_connection_is_its_user_s_and_its_hub_s_only() -> None:
    """Another user's token, the public id, another hub, a guess: 404 alike, and the promise still holds."""
    async with running(_app()) as url:
        promise = (await negotiate(url, PATH, token("ann"))).json()
        secret, public = promise["connectionToken"], promise["connectionId"]
        for address, id_, who in (
            (url + PATH, secret, "bob"),
            (url + PATH, public, "ann"),
            (url + PATH, secret[:-1], "ann"),
            (url + PATH, secret.swapcase(), "ann"),
            (url + OTHER, secret, "ann"),
            (url + PATH, "", "ann"),
        ):
            assert await _statuses(address, id_, token(who)) == [404] * 5
        async with httpx2.AsyncClient(trust_env=False) as http:
            query = {"id": secret, "access_token": token("ann")}
            assert (await http.get(url + PATH, params=query)).status_code == 200
            await http.delete(url + PATH, params=query)  # a hub that ends waits for its pollers


async def test_promise_that_is_not_taken_up_ends_with_the_time_for_a_handshake(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """15 s after negotiate its secret opens nothing on any transport; a second before it still does."""
    late, start = 0.0, time.monotonic()
    # It stands still between the two looks: how long the machine takes for them is no part of this.
    clock = SimpleNamespace(monotonic=lambda: start + late)
    monkeypatch.setattr("conduit_widget.hub.door.pending_connections.time", clock)
    async with running(_app()) as url:
        in_time, too_late = [
            (await negotiate(url, PATH, token())).json()["connectionToken"] for _ in range(2)
        ]
        late = HANDSHAKE_TIMEOUT - 1
        address = f"{url.replace('http', 'ws', 1)}{PATH}?access_token={token()}&id="
        async with connect(address + in_time, proxy=None):
            pass
        late = HANDSHAKE_TIMEOUT + 1
        assert await _statuses(url + PATH, too_late, token()) == [404] * 5


@pytest.mark.parametrize("transport", ["ServerSentEvents", "LongPolling", "WebSockets"])
async def test_open_connection_takes_nothing_from_anybody_else(transport: str) -> None:
    """Neither the public id nor the stolen secret with one's own token reads, writes or ends it."""
    async with (
        running(_app()) as url,
        hub_client(url, PATH, token("ann"), transport=transport) as ann,
    ):
        for id_, who in (
            (ann.connection_id, "ann"),
            (ann.connection_token, "bob"),
            (ann.connection_id, "bob"),
        ):
            assert await _statuses(url + PATH, id_, token(who)) == [404] * 5
        assert (await ann.invoke("Echo", "still mine")).result == "still mine"
        assert (await ann.invoke("Who")).result == {
            "userId": "ann",
            "userName": "Ann",
            "connectionId": ann.connection_id,
        }
        assert ann.connection_id != ann.connection_token


async def test_refresh_takes_over_nobody_s_connection() -> None:
    """A connection goes on with its own user's newer token only."""
    async with running(_app()) as url, hub_client(url, PATH, token("ann")) as ann:
        assert (await ann.invoke("Refresh", token("bob"))).error == "Unauthorized"
        assert (await ann.invoke("Refresh", ann.connection_token)).error == "Invalid authentication"
        who = await ann.invoke("Who")
        assert isinstance(who.result, dict)
        assert who.result["userId"] == "ann"


_SECRET = re.compile(
    r"token|secret|password|signature|hash\b|digest|mint_key|credential|\bgiven\b|\bexpected\b"
)
_HARMLESS = re.compile(r"token_id|kind|bearer|tokens_|_tokens|token is|len\(|expires|is_void|message_id")


def _suspicious(source: str) -> list[str]:
    """Return comparisons of what is named like a secret by ``==`` or ``!=``."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            text = ast.unparse(node)
            if _SECRET.search(text) and not _HARMLESS.search(text):
                found.append(text)
    return found


def test_no_secret_is_compared_with_an_ordinary_equals() -> None:
    """Keys go through ``hmac.compare_digest``; connection secrets are looked up by their hash."""
    assert _suspicious("mint_key == given") == ["mint_key == given"], "the search finds what it is for"
    rooms = Path(hub_package.__file__).parent
    found = {
        f"{path.name}: {text}"
        for path in sorted(rooms.rglob("*.py"))
        for text in _suspicious(path.read_text(encoding="utf-8"))
    }
    assert found == set()
    for name in ("mint.py", "opaque_keys.py"):
        assert "hmac.compare_digest(" in (rooms / "auth" / name).read_text(encoding="utf-8")
