"""``conduit-widget revoke`` and a real hub process: open connections end, the token opens nothing more."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conduit_widget.client import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH, CLOSE_REASONS, CloseCode
from conduit_widget.errors import AuthenticationError
from tests.support.hub.live_hub import LiveHub
from tests.support.waiting import eventually

REVOKED = str(CLOSE_REASONS[CloseCode.REVOKED].text)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """A hub process."""
    running = LiveHub(tmp_path_factory.mktemp("hub")).start()
    yield running
    running.stop()


def revoke(data_dir: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command on a hub's data directory."""
    command = (sys.executable, "-m", "conduit_widget", "revoke", "--data-dir", str(data_dir), *options)
    return subprocess.run(command, capture_output=True, text=True, check=False)


def token_id(token: str) -> str:
    """Read a token's ``jti``."""
    payload = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["jti"])


@pytest.mark.parametrize("what", ["user", "token"])
async def test_revoked_token_ends_its_connection_and_opens_nothing(hub: LiveHub, what: str) -> None:
    """The open connection is closed within seconds, others go on; the same token is refused afterwards."""
    ann = f"ann-{what}"
    token, other = hub.token(ann), hub.token("bob")
    closed: list[Exception | None] = []
    url = hub.url + CHAT_HUB_PATH
    async with HubConnection(url, access_token=other, retry=None) as untouched:
        connection = HubConnection(url, access_token=token)
        connection.on_close(closed.append)
        await connection.start()
        options = ("--user", ann) if what == "user" else ("--token-id", token_id(token))
        assert revoke(hub.data_dir, *options).returncode == 0
        await eventually(lambda: closed, what="the connection is closed")
        assert REVOKED in str(closed[0])
        with pytest.raises(AuthenticationError):
            await HubConnection(url, access_token=token, retry=None).start()
        await untouched.invoke("JoinConversation", "team")
    assert token not in hub.log


def test_revocation_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """A damaged file is named; nothing is overwritten."""
    path = tmp_path / "revoked.json"
    path.write_text("not JSON")
    path.chmod(0o600)
    run = revoke(tmp_path, "--user", "ann")
    assert run.returncode == 1
    assert str(path) in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert path.read_text() == "not JSON"
