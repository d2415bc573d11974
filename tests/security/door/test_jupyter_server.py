"""Nobody reaches anything of the server extension who may not: not even a hub is started for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from conduit_widget.contract import CHAT_HUB_PATH
from tests.support.jupyter.server import PEOPLE, JupyterServer, jupyter_server

pytestmark = pytest.mark.timeout(300)

HUB: Final = f"/conduit{CHAT_HUB_PATH}"
READING: Final = ("/conduit/api/me", "/conduit/view", HUB, "/conduit/files/x", "/conduit/static/abc/chat.js")
WRITING: Final = (("POST", f"{HUB}/negotiate"), ("POST", HUB), ("DELETE", HUB), ("POST", "/conduit/files"))
SOCKETS: Final = ("/conduit/view", HUB)
STRANGE: Final = "https://evil.example"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """A server that several people use, each by their own token."""
    with jupyter_server(tmp_path_factory.mktemp("people"), configuration=PEOPLE) as running:
        yield running


@pytest.fixture
def signed_in(server: JupyterServer) -> dict[str, str]:
    """The cookies of a browser in which Ann has signed in."""
    with httpx2.Client() as http:
        http.get(f"{server.url}/api/status", headers={"Authorization": "token user-ann"})
        cookies = {cookie.name: cookie.value or "" for cookie in http.cookies.jar}
    assert any(name.startswith("username-") for name in cookies)
    return cookies


def cookie_header(cookies: dict[str, str]) -> str:
    """The Cookie header of a browser."""
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def strangers(signed_in: dict[str, str]) -> dict[str, dict[str, str]]:
    """Headers of those who may not."""
    cookie = cookie_header(signed_in)
    return {
        "nobody": {},
        "a wrong token": {"Authorization": "token wrong"},
        "the hub's own kind of token": {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ."},
        "a page of another origin": {"Cookie": cookie, "Origin": STRANGE},
        "a page in a sandbox": {"Cookie": cookie, "Origin": "null"},
        "a user without rights": {"Authorization": "token user-nobody"},
    }


async def test_strangers_reach_nothing(server: JupyterServer, signed_in: dict[str, str]) -> None:
    """Neither by HTTP nor by WebSocket; and nothing was started for them."""
    async with httpx2.AsyncClient(timeout=60) as http:
        for who, headers in strangers(signed_in).items():
            for method, path in (*(("GET", each) for each in READING), *WRITING):
                reply = await http.request(method, server.url + path, headers=headers)
                # Jupyter itself answers 404 to what another origin would write.
                assert reply.status_code in {403, 404}, (who, method, path, reply.status_code)
                assert "static" not in reply.text
            for path in SOCKETS:
                with pytest.raises(InvalidStatus) as refused:
                    async with connect(server.ws_url + path, additional_headers=headers):
                        pass
                assert refused.value.response.status_code == 403, (who, path)
    assert not (server.log_file.parent / "data").exists(), "a hub was started for a stranger"


async def test_page_without_its_xsrf_token_changes_nothing(
    server: JupyterServer, signed_in: dict[str, str]
) -> None:
    """The cookie alone, which a form of another site would send too, is not enough to write."""
    headers = {"Cookie": cookie_header(signed_in)}
    async with httpx2.AsyncClient(timeout=60) as http:
        for method, path in WRITING:
            reply = await http.request(method, server.url + path, headers=headers)
            assert reply.status_code == 403, (method, path)
    assert not (server.log_file.parent / "data").exists(), "a hub was started for a stranger"


async def test_methods_that_no_hub_has_are_not_relayed(
    server: JupyterServer, signed_in: dict[str, str]
) -> None:
    """They end here, and no hub is started for them."""
    headers = {"Cookie": cookie_header(signed_in)}
    async with httpx2.AsyncClient(timeout=60) as http:
        for path in (f"{HUB}/negotiate", "/conduit/files"):
            assert (await http.request("OPTIONS", server.url + path, headers=headers)).status_code == 405
    assert not (server.log_file.parent / "data").exists(), "a hub was started for nothing"


async def test_own_page_gets_in(server: JupyterServer, signed_in: dict[str, str]) -> None:
    """What the others are refused works for the page itself, so that the refusals mean something."""
    origin = server.url.removesuffix("/lab/of/ann")
    async with httpx2.AsyncClient(timeout=60) as http:
        await http.get(f"{server.url}/login")
        cookies = {**signed_in, **{each.name: each.value or "" for each in http.cookies.jar}}
        headers = {"Cookie": cookie_header(cookies), "Origin": origin, "X-XSRFToken": cookies["_xsrf"]}
        me = await http.get(f"{server.url}/conduit/api/me", headers=headers)
        assert (me.status_code, me.json()["userId"]) == (200, "ann")
        negotiated = await http.post(f"{server.url}{HUB}/negotiate?negotiateVersion=1", headers=headers)
        assert negotiated.status_code == 200
    for path in SOCKETS:
        async with connect(server.ws_url + path, additional_headers=headers):
            pass


async def test_no_secret_is_in_the_log(server: JupyterServer) -> None:
    """Neither a token of Jupyter in an address nor one of the hub is written anywhere."""
    async with httpx2.AsyncClient(timeout=60) as http:
        await http.get(f"{server.url}/conduit/files/none?token=user-ann&access_token=secret-of-ann")
    written = server.log + (server.log_file.parent / "data" / "hub.log").read_text()
    assert "secret-of-ann" not in written
    assert "eyJ" not in written
