"""Finding and starting the local hub, with a small stand-in hub where a process is needed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from conduit_widget.access import hub_access, local_hub
from conduit_widget.access.hub_access import Identity, LocalHub, RemoteHub, identity_in, resolve_access
from conduit_widget.access.local_hub import CHILD_IDLE_TIMEOUT, find, find_or_start, mint, start_child
from conduit_widget.errors import AuthenticationError, ConnectionFailedError, HubStartError, ValidationError
from conduit_widget.hub.auth.local_authority import LocalAuthority
from conduit_widget.runtime_file import HubRuntime, write_runtime
from tests.support.waiting import eventually_sync

STAND_IN = """
import json, os, sys, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
data_dir = Path(sys.argv[1])
instance = uuid.uuid4().hex
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"instance": instance}).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args): pass
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with (data_dir / "starts").open("a") as starts: starts.write(f"{os.getpid()}\\n")
runtime = {"url": f"http://127.0.0.1:{server.server_port}", "pid": os.getpid(), "instance": instance,
           "mintKey": "k", "version": "0", "startedAt": "now"}
(data_dir / "hub.json").write_text(json.dumps(runtime))
server.serve_forever()
"""


def runtime(url: str = "http://127.0.0.1:1", instance: str = "i1") -> HubRuntime:
    """A runtime file's content."""
    return HubRuntime(url=url, pid=1, instance=instance, mint_key="mint-key", version="0", started_at="now")


def starts(data_dir: Path) -> list[int]:
    """Pids of the stand-in hubs started so far."""
    path = data_dir / "starts"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data directory whose hub is the stand-in; its processes end with the test."""
    monkeypatch.setattr(
        local_hub, "serve_command", lambda data_dir: [sys.executable, "-c", STAND_IN, str(data_dir)]
    )
    yield tmp_path
    for pid in starts(tmp_path):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for child in local_hub._children:
        child.wait(30)
    local_hub._reap()


class _Hub(BaseHTTPRequestHandler):
    """Answers health and mint inside the test's process."""

    def do_GET(self) -> None:
        self._answer(200, {"instance": "i1"})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != "Bearer mint-key":
            self._answer(401, {})
        elif asked == {"userId": "ann", "userName": "Ann"}:
            self._answer(200, {"accessToken": "the-token", "expiresAt": 1234})
        else:
            self._answer(400, {})

    def _answer(self, status: int, body: dict[str, object]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[str]:
    """The address of a hub in this process."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_hub_is_found_only_when_that_very_instance_answers(tmp_path: Path, hub: str) -> None:
    """Another program on the old hub's port is not taken for the hub."""
    write_runtime(tmp_path, runtime(hub, "i1"))
    assert find(tmp_path) is not None
    write_runtime(tmp_path, runtime(hub, "another"))
    assert find(tmp_path) is None
    write_runtime(tmp_path, runtime("http://127.0.0.1:1", "i1"))
    assert find(tmp_path) is None


def test_proxy_settings_do_not_reach_the_loopback_hub(
    tmp_path: Path, hub: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company proxy in the environment does not get to see the mint key."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert local_hub.is_running(runtime(hub))
    assert mint(runtime(hub), "ann", "Ann").access_token == "the-token"


def test_many_starters_at_once_share_one_hub(stand_in: Path) -> None:
    """Kernels that start together find one hub, not one each."""
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: find_or_start(stand_in), range(8)))
    assert len(starts(stand_in)) == 1
    assert len({each.instance for each in found}) == 1


def test_killed_hub_is_started_again_by_whoever_asks(stand_in: Path) -> None:
    """A stale runtime file is noticed; the new hub is another instance; the dead one is reaped."""
    first = find_or_start(stand_in)
    os.kill(first.pid, signal.SIGKILL)
    eventually_sync(lambda: find(stand_in) is None)
    eventually_sync(lambda: local_hub._children[0].poll() is not None)  # silent a moment before it is dead
    second = find_or_start(stand_in)
    assert second.instance != first.instance
    assert len(local_hub._children) == 1


def test_hub_outlives_its_starter_and_is_in_a_session_of_its_own(stand_in: Path) -> None:
    """Neither Ctrl-C in a terminal nor a kernel's end reaches it, and its log is private."""
    pid = find_or_start(stand_in).pid
    assert os.getsid(pid) == pid
    assert stat.S_IMODE((stand_in / "hub.log").stat().st_mode) == 0o600


def test_failing_hub_is_reported_in_one_line_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the exit code, the log's last line and the command to run."""
    script = "import sys; print('first'); sys.exit('No space left on device')"
    monkeypatch.setattr(local_hub, "serve_command", lambda _: [sys.executable, "-c", script])
    with pytest.raises(HubStartError) as caught:
        find_or_start(tmp_path)
    text = str(caught.value)
    assert "code 1: No space left on device" in text
    assert "conduit-widget serve --data-dir" in text
    assert "\n" not in text


def test_silent_hub_is_given_up_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that never becomes ready is an error in time and leaves no process."""
    monkeypatch.setattr(
        local_hub, "serve_command", lambda _: [sys.executable, "-c", "import time; time.sleep(60)"]
    )
    began = time.monotonic()
    with pytest.raises(HubStartError, match="did not answer in time"):
        find_or_start(tmp_path, timeout=0.5)
    assert time.monotonic() - began < 30, "the child would have been there for a minute"
    child = local_hub._children[-1]
    assert child.wait(30) != 0
    local_hub._reap()


def test_child_serves_until_its_caller_ends_it(stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for an hour by itself; where a hub runs already there is none, and nothing to end."""
    timeouts: list[int] = []

    def command(data_dir: Path, idle_timeout: int) -> list[str]:
        timeouts.append(idle_timeout)
        return [sys.executable, "-c", STAND_IN, str(data_dir)]

    monkeypatch.setattr(local_hub, "serve_command", command)
    child = start_child(stand_in)
    assert child is not None
    assert timeouts == [CHILD_IDLE_TIMEOUT] == [3600]
    assert find(stand_in) is not None
    assert start_child(stand_in) is None
    child.terminate()
    child.wait(30)
    assert find(stand_in) is None


def test_unusable_data_directory_is_reported_in_one_line(tmp_path: Path) -> None:
    """The error says which variable to set."""
    (tmp_path / "file").write_text("")
    with pytest.raises(HubStartError, match="CONDUIT_DATA_DIR"):
        find_or_start(tmp_path / "file" / "sub")


def test_serve_command_is_not_fooled_by_files_beside_the_notebook(tmp_path: Path) -> None:
    """The hub runs isolated from the current folder, where a `types.py` may lie."""
    command = local_hub.serve_command(tmp_path)
    assert command[1:5] == ["-P", "-m", "conduit_widget", "serve"]
    assert command[command.index("--idle-timeout") + 1] == "300"


def test_mint_returns_a_token_and_never_shows_it(hub: str) -> None:
    """The token comes back, and its repr hides it."""
    minted = mint(runtime(hub), "ann", "Ann")
    assert (minted.access_token, minted.expires_at) == ("the-token", 1234)
    assert "the-token" not in repr(minted)


def test_mint_refusals_are_typed(hub: str) -> None:
    """A wrong key ends the attempts; a hub that is away, or odd, is worth another."""
    wrong = HubRuntime(url=hub, pid=1, instance="i1", mint_key="stale", version="0", started_at="now")
    with pytest.raises(AuthenticationError) as refused:
        mint(wrong, "ann", "Ann")
    assert "stale" not in str(refused.value)
    with pytest.raises(ConnectionFailedError, match="HTTP 400"):
        mint(runtime(hub), "bob", "Bob")
    with pytest.raises(ConnectionFailedError, match="tried again"):
        mint(runtime("http://127.0.0.1:1"), "ann", "Ann")


async def test_local_hub_asks_anew_at_every_connect(stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """url() finds the hub that runs now, starting it if it was killed; token() is minted by that one."""
    minted: list[str] = []

    def fake_mint(
        where: HubRuntime, user_id: str, user_name: str, *, is_read_only: bool
    ) -> local_hub.MintedToken:
        minted.append(f"{where.instance} {user_id} {user_name}")
        return local_hub.MintedToken(access_token="t", expires_at=0)

    monkeypatch.setattr(local_hub, "mint", fake_mint)
    access = LocalHub(Identity("ann", "Ann"), stand_in)
    first = await access.url()
    assert first.endswith("/hubs/chat")
    assert await access.token() == "t"
    os.kill(starts(stand_in)[0], signal.SIGKILL)
    await asyncio.to_thread(eventually_sync, lambda: find(stand_in) is None)
    await access.url()
    await access.token()
    assert len(starts(stand_in)) == 2
    assert len(set(minted)) == 2


def test_environment_points_to_another_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """CONDUIT_HUB_URL starts nothing and the token says who we are."""
    token = LocalAuthority(b"x" * 32).issue("bob", "Bob", 60)
    monkeypatch.setenv("CONDUIT_HUB_URL", "https://chat.example/base/")
    monkeypatch.setenv("CONDUIT_HUB_TOKEN", token)
    access = resolve_access()
    assert isinstance(access, RemoteHub)
    assert access.identity == ("bob", "Bob")
    assert asyncio.run(access.url()) == "https://chat.example/base/hubs/chat"
    assert asyncio.run(access.token()) == token


def test_environments_token_is_for_the_environments_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another hub that a notebook names is not shown it; the same one, however written, is."""
    monkeypatch.setenv("CONDUIT_HUB_URL", "https://chat.example/base/")
    monkeypatch.setenv("CONDUIT_HUB_TOKEN", "secret")
    assert asyncio.run(resolve_access(hub_url="https://other.example").token()) is None
    assert asyncio.run(resolve_access(hub_url="wss://chat.example/base").token()) == "secret"
    monkeypatch.delenv("CONDUIT_HUB_URL")
    assert asyncio.run(resolve_access(hub_url="https://other.example").token()) == "secret"


async def test_token_may_be_a_function_asked_at_every_connect() -> None:
    """A token that expires is replaced without a new chat."""
    tokens = iter(["one", "two"])
    access = resolve_access(hub_url="http://h", token=lambda: next(tokens))
    assert [await access.token(), await access.token()] == ["one", "two"]


def test_bad_address_is_refused_at_once() -> None:
    """An address that is none is an error before anything runs."""
    with pytest.raises(ConnectionFailedError, match="http"):
        resolve_access(hub_url="ftp://h")


def test_identity_comes_from_arguments_then_environment_then_the_os(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who we are on the local hub, most specific first."""
    monkeypatch.delenv("CONDUIT_HUB_URL", raising=False)
    monkeypatch.setattr("getpass.getuser", lambda: "osuser")
    assert resolve_access().identity == ("osuser", "osuser")
    monkeypatch.setenv("CONDUIT_USER", "env")
    monkeypatch.setenv("CONDUIT_USER_NAME", "Env Name")
    assert resolve_access().identity == ("env", "Env Name")
    assert resolve_access(user="ann").identity == ("ann", "ann")
    assert resolve_access(user="ann", user_name="Ann").identity == ("ann", "Ann")


def test_nameless_os_user_still_has_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container without a passwd entry does not stop the chat."""

    def unknown() -> str:
        raise OSError("no such user")

    monkeypatch.delenv("CONDUIT_USER", raising=False)
    monkeypatch.setattr("getpass.getuser", unknown)
    assert hub_access.local_identity().user_id == "user"


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "a.e30.c"])
def test_unreadable_token_names_nobody(token: str) -> None:
    """Opaque keys are fine; we just do not know ourselves yet."""
    assert identity_in(token) is None


@pytest.mark.parametrize("name", ["a\nb", "zero\u200bwidth", "x" * 300, "\u202eevil"])
def test_user_no_hub_takes_is_refused_at_once_and_by_field(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a hub is looked for; the line says where it came from, and does not repeat it."""
    gives: tuple[tuple[str, Callable[[], object]], ...] = (
        ("user", lambda: resolve_access(user=name)),
        ("user_name", lambda: resolve_access(user="ada", user_name=name)),
        ("CONDUIT_USER", resolve_access),
        ("CONDUIT_USER_NAME", resolve_access),
    )
    for source, give in gives:
        with monkeypatch.context() as patch:
            if source.startswith("CONDUIT"):
                patch.setenv(source, name)
            with pytest.raises(ValidationError, match=rf"^{source}: (has 300 |must not )") as caught:
                give()
            assert name not in str(caught.value)


def test_mint_that_refuses_a_user_says_why_and_is_not_asked_again() -> None:
    """The hub knows better than we what an id may be; its reason reaches the person."""

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.dumps({"error": "userId: must not contain control or invisible characters."}).encode()
            self.send_response(400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(AuthenticationError, match=r"user: userId: must not contain .*CONDUIT_USER"):
            mint(runtime(f"http://127.0.0.1:{server.server_port}"), "a", "A")
    finally:
        server.shutdown()
        server.server_close()
