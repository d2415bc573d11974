"""Keys, site tokens and rotation at a real hub process, changed while it runs and people are connected."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from conduit_widget.client import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH
from conduit_widget.errors import AuthenticationError
from tests.support.hub.live_hub import LiveHub
from tests.support.hub.site_tokens import AUDIENCE, ISSUER, IdentityProvider
from tests.support.processes.command import run_command
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def site() -> IdentityProvider:
    """Somebody who signs tokens for the hub's users."""
    provider = IdentityProvider()
    provider.add("ed")
    return provider


@pytest.fixture(scope="module")
def hub(site: IdentityProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """A hub that takes its own tokens, the site's and keys."""
    folder = tmp_path_factory.mktemp("hub")
    (folder / "jwks.json").write_bytes(site.key_set())
    options = ("--jwks", str(folder / "jwks.json"), "--jwt-issuer", ISSUER, "--jwt-audience", AUDIENCE)
    live = LiveHub(folder, {"CONDUIT_PROVIDER": "local"}, options=options).start()
    yield live
    live.stop()


async def who(hub: LiveHub, credential: str) -> str:
    """Return what the hub takes a credential for: the one who is in the room then."""
    async with HubConnection(hub.url + CHAT_HUB_PATH, access_token=credential, retry=None) as connection:
        joined = await connection.invoke("CreateConversation", {"title": "mine"})
        snapshot = await connection.invoke("JoinConversation", joined["conversationId"])
        return str(snapshot["participants"][0]["userId"])


async def test_own_tokens_site_tokens_and_keys_all_open_the_hub(hub: LiveHub, site: IdentityProvider) -> None:
    """Three ways in, each for its own user; none of them is in the log."""
    own = hub.token("ann")
    foreign = site.token("ed", sub="bob")
    key = run_command("key", "create", "cyd", "--data-dir", str(hub.data_dir))
    for credential, user in ((own, "ann"), (foreign, "bob"), (key, "cyd")):
        assert await who(hub, credential) == user
        assert credential not in hub.log
        assert credential[-20:] not in hub.log
    async with httpx2.AsyncClient(base_url=hub.url, trust_env=False) as http:
        for headers, query in (({"X-API-Key": key}, {}), ({}, {"api_key": key})):
            answer = await http.post(f"{CHAT_HUB_PATH}/negotiate", headers=headers, params=query)
            assert answer.status_code == 200
    assert key not in hub.log
    with pytest.raises(AuthenticationError):
        await who(hub, site.token("ed", iss="https://elsewhere.example.org"))


async def test_removed_key_ends_what_it_has_opened(hub: LiveHub) -> None:
    """A key that is taken back lets nobody in, and whoever it let in is out within seconds."""
    data_dir = ("--data-dir", str(hub.data_dir))
    key = run_command("key", "create", "dan", *data_dir)
    ended: list[Exception | None] = []
    connection = HubConnection(hub.url + CHAT_HUB_PATH, access_token=key, retry=None)
    connection.on_close(ended.append)
    await connection.start()
    line = next(line for line in run_command("key", "list", *data_dir).splitlines() if "  dan  " in line)
    run_command("key", "remove", line.split()[0], *data_dir)
    await eventually(lambda: ended, what="the connection ends")
    with pytest.raises(AuthenticationError):
        await who(hub, key)


async def test_rotated_secret_counts_without_a_restart(hub: LiveHub) -> None:
    """New tokens are good at once, old ones for the grace; without a grace they are not."""
    old = hub.token("ann")
    async with HubConnection(hub.url + CHAT_HUB_PATH, access_token=old, retry=None) as connection:
        run_command("key", "rotate", "--data-dir", str(hub.data_dir))
        new = hub.token("ann")
        assert [await who(hub, token) for token in (old, new)] == ["ann", "ann"]
        run_command("key", "rotate", "--grace", "0", "--data-dir", str(hub.data_dir))
        assert await who(hub, hub.token("ann")) == "ann"
        for token in (old, new):
            with pytest.raises(AuthenticationError):
                await who(hub, token)
        assert await connection.invoke("RequestProviderStatus") is not None, "who is in stays in"


def test_site_hub_without_any_key_does_not_start(tmp_path: Path) -> None:
    """What would let nobody in, or everybody, is refused in a line that says what is missing."""
    cases = (
        (("--host", "0.0.0.0"), "--jwks"),
        (("--jwks", "http://id.example.org/keys", "--jwt-issuer", "i", "--jwt-audience", "a"), "https"),
        (("--jwks", "keys.json"), "--jwt-issuer"),
        (("--jwt-issuer", "i"), "--jwks"),
    )
    serve = (sys.executable, "-m", "conduit_widget", "serve", "--data-dir", str(tmp_path))
    hubs = [subprocess.Popen([*serve, *options], stderr=subprocess.PIPE, text=True) for options, _ in cases]
    for hub, (_, named) in zip(hubs, cases, strict=True):
        _, said = hub.communicate(timeout=60)
        assert hub.returncode == 2
        assert named in said
        assert len(said.splitlines()) == 1
