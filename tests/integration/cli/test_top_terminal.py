"""``conduit-widget top`` in a terminal: what it shows is true, and it leaves the terminal as it found it."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from websockets.sync.client import ClientConnection, connect

from conduit_widget.app import signing_authority
from conduit_widget.contract import CHAT_HUB_PATH
from conduit_widget.hub.auth.authenticators import KEYS_FILE
from conduit_widget.hub.auth.opaque_keys import OpaqueKeyFile
from tests.support.hub.live_hub import LiveHub
from tests.support.hub.server import SEPARATOR
from tests.support.processes.pseudo_terminal import (
    ALTERNATE_SCREEN,
    CURSOR,
    PseudoTerminal,
    pseudo_terminal,
)
from tests.support.waiting import eventually_sync

COMMAND: Final = (sys.executable, "-m", "conduit_widget")
LOCAL: Final = {"CONDUIT_PROVIDER": "local", "CONDUIT_HUB_TOKEN": ""}
HUSH: Final = "condt_hush-hush-hush-hush-hush"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """A hub on this machine."""
    live = LiveHub(tmp_path_factory.mktemp("hub"), LOCAL).start()
    yield live
    live.stop()


def _top(*arguments: str, **options: Any) -> contextlib.AbstractContextManager[PseudoTerminal]:
    return pseudo_terminal(
        *COMMAND, "top", *arguments, "--interval", "0.2", **{"environment": LOCAL, **options}
    )


class _Person:
    """Somebody on a hub."""

    def __init__(self, hub: LiveHub, user: str) -> None:
        token = signing_authority(hub.data_dir, None).issue(user, user, 60)
        address = f"{hub.url.replace('http', 'ws', 1)}{CHAT_HUB_PATH}?access_token={token}"
        self.socket: ClientConnection = connect(address, proxy=None, legacy=True)
        self._count = 0
        self.socket.send('{"protocol":"json","version":1}' + SEPARATOR)
        assert self.socket.recv() == "{}" + SEPARATOR

    def call(self, method: str, *arguments: Any) -> None:
        """Invoke and wait for the answer."""
        self._count += 1
        wanted = str(self._count)
        record = {"type": 1, "invocationId": wanted, "target": method, "arguments": arguments}
        self.socket.send(json.dumps(record) + SEPARATOR)
        while not any(
            part and json.loads(part).get("invocationId") == wanted
            for part in str(self.socket.recv()).split(SEPARATOR)
        ):
            pass

    def say(self) -> None:
        """Send a message that nobody answers."""
        message = {"id": str(uuid.uuid4()), "role": "user", "content": "x", "metadata": {"respond": False}}
        self.call("SendMessage", "room", message)

    def drop(self) -> None:
        """Cut the line."""
        self.socket.socket.shutdown(2)
        self.socket.close_socket()


def _assert_restored(top: PseudoTerminal) -> None:
    for switch in (ALTERNATE_SCREEN + "h", CURSOR + "l"):
        assert switch in top.output
    assert top.output.rindex(ALTERNATE_SCREEN + "l") > top.output.rindex(ALTERNATE_SCREEN + "h")
    assert top.output.rindex(CURSOR + "h") > top.output.rindex(CURSOR + "l")
    assert top.modes == top.modes_before
    assert "Traceback" not in top.output


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda top: top.press("q"), id="q"),
        pytest.param(lambda top: top.press("\x03"), id="Ctrl-C"),
        pytest.param(lambda top: top.process.send_signal(signal.SIGTERM), id="SIGTERM"),
    ],
)
def test_terminal_is_as_before_however_it_ends(hub: LiveHub, end: Callable[[PseudoTerminal], None]) -> None:
    """Exit 0, the screen from before, the cursor, echo and line mode; in the middle of its work."""
    with _top(hub.url) as top:
        top.shows("q or Ctrl-C ends")
        assert top.modes != top.modes_before, "single keys, no echo"
        end(top)
        assert top.end() == 0
        _assert_restored(top)


def test_another_size_is_drawn_at_once_and_fits(hub: LiveHub) -> None:
    """Narrower and lower: the next picture has so many columns and lines, without waiting for a reading."""
    command = (*COMMAND, "top", hub.url, "--interval", "3600")
    with pseudo_terminal(*command, environment=LOCAL, size=(120, 40)) as top:
        top.shows("hub memory")
        for columns, rows in ((60, 30), (44, 12), (110, 35)):
            top.resize(columns, rows)

            def fits(columns: int = columns, rows: int = rows) -> bool:
                frame = top.frame
                return len(frame) == rows and max(map(len, frame)) == columns

            eventually_sync(fits, what=f"a picture of {columns}x{rows}")
            assert top.row("connections").startswith("0")
        top.press("Q")
        assert top.end() == 0
        _assert_restored(top)


def test_every_figure_is_what_happens(tmp_path: Path) -> None:
    """Connections, messages, refusals and returns of known traffic; rates while it lasts."""
    hub = LiveHub(tmp_path, LOCAL).start()
    try:
        with _top("--data-dir", str(tmp_path)) as top:
            ann, bob = _Person(hub, "ann"), _Person(hub, "bob")
            for person in (ann, bob):
                person.call("JoinConversation", "room")
            for _ in range(4):
                bob.say()
            bob.call("NoSuchMethod")
            bob.call("JoinConversation", "")
            with pytest.raises(Exception, match="401"):
                connect(
                    f"{hub.url.replace('http', 'ws', 1)}{CHAT_HUB_PATH}?access_token=no",
                    proxy=None,
                    legacy=True,
                )
            eventually_sync(lambda: re.search(r"/s +8\b", top.row("messages in")), what="eight calls")

            def talks() -> bool:
                time.sleep(0.1)  # the hub's own limit is 20 a second
                ann.say()
                return bool(re.match(r"[1-9]\d*\.\d/s", top.row("messages in")))

            eventually_sync(talks, what="a rate of messages")
            ann.drop()
            eventually_sync(lambda: top.row("connections").startswith("1"), what="ann is gone")
            back = _Person(hub, "ann")
            eventually_sync(lambda: top.row("connections").startswith("2"), what="ann is back")
            eventually_sync(lambda: top.row("reconnections").endswith("1"), what="one came back")
            assert top.row(CHAT_HUB_PATH).startswith("2")
            assert re.search(r"refused 1, unknown_method 1$", top.row("errors"))
            assert re.search(r"unauthorized 1$", top.row("not let in"))
            assert re.search(r"[1-9]\d*\.\d% of calls$", top.row("error rate"))
            for name in ("delivery p50/p95", "method p50/p95"):
                assert re.search(r"\d\.\d ms / \d+\.\d ms$", top.row(name)), top.row(name)
            eventually_sync(lambda: re.match(r"0\.0/s", top.row("messages in")), what="silence")
            assert top.row("outbound queue") == "0 B"
            assert re.match(r"\d+ MiB", top.row("hub memory"))
            assert re.match(r"\d+%", top.row("hub CPU"))
            for person in (bob, back):
                person.drop()
            top.press("q")
            assert top.end() == 0
    finally:
        hub.stop()


def test_hub_that_was_killed_is_waited_for(tmp_path: Path) -> None:
    """It says that nobody answers, shows what was last seen, and goes on by itself when the hub is back."""
    hub = LiveHub(tmp_path, LOCAL).start()
    try:
        with _top(hub.url) as top:
            top.shows("hub memory")
            hub.kill()
            top.shows("waiting for the hub")
            assert "last seen:" in "\n".join(top.frame)
            hub.start()
            eventually_sync(lambda: top.frame and "waiting" not in "\n".join(top.frame))
            eventually_sync(lambda: re.match(r"0\.0/s", top.row("messages in")))
            top.press("q")
            assert top.end() == 0
            _assert_restored(top)
    finally:
        hub.stop()


def test_hub_for_operators_says_which_key_it_wants(tmp_path: Path) -> None:
    """Nobody, a guess and a member get one line with the command that makes a key, and the key works."""
    key_file = tmp_path / "site.key"
    key_file.write_text("k" * 48)
    key_file.chmod(0o600)
    hub = LiveHub(tmp_path / "data", LOCAL, ["--host", "0.0.0.0", "--key-file", str(key_file)]).start()
    url = f"http://127.0.0.1:{hub.port}"
    member, _ = OpaqueKeyFile(hub.data_dir / KEYS_FILE).create("bob", "Bob")
    refusals = {
        "": "to operators only. ",
        HUSH: "does not accept this token",
        member: "this token's user is none",
    }
    try:
        with contextlib.ExitStack() as stack:
            refused = {
                token: stack.enter_context(_top(url, environment=_with(token), size=(400, 40)))
                for token in refusals
            }
            for token, top in refused.items():
                assert top.end() == 1
                [line] = top.output.splitlines()
                assert refusals[token] in line
                assert not token or token not in line
                [command] = re.findall(
                    r"`conduit-widget (.+)` makes a key; give it with CONDUIT_HUB_TOKEN", line
                )
        make = (*command.replace("NAME", "ann").split(), "--data-dir", str(hub.data_dir))
        made = subprocess.run([*COMMAND, *make], capture_output=True, text=True, check=True)
        with _top(url, environment=_with(made.stdout.strip())) as top:
            top.shows("hub memory")
            assert made.stdout.strip() not in top.output
            top.press("q")
            assert top.end() == 0
    finally:
        hub.stop()


def _with(token: str) -> dict[str, str]:
    return {**LOCAL, "CONDUIT_HUB_TOKEN": token}
