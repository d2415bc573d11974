"""Finds the hub of this OS user, or starts it, so that nobody has to configure anything.

Whoever needs a hub reads the runtime file under a lock, asks ``/healthz`` whether that very instance answers,
and otherwise starts ``python -m conduit_widget serve`` detached. The lock makes many kernels starting at once
share one hub. The functions here block (files, a child process, loopback HTTP); on an event loop use
:mod:`hub_access`.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import filelock
import msgspec

from conduit_widget.child_process import child_environment, python_command
from conduit_widget.contract import HEALTH_PATH, MINT_PATH
from conduit_widget.errors import UNREADABLE, AuthenticationError, ConnectionFailedError, HubStartError
from conduit_widget.runtime_file import HubRuntime, default_data_dir, read_runtime
from conduit_widget.types import Wire

LOG_FILE: Final = "hub.log"
LOCK_FILE: Final = "hub.lock"
START_TIMEOUT: Final = 20.0
IDLE_TIMEOUT: Final = 300
CHILD_IDLE_TIMEOUT: Final = 3600
"""Seconds without anybody after which a hub ends that its caller should have ended, and could not."""
HTTP_TIMEOUT: Final = 3.0
MAX_REASON_CHARS: Final = 200
_POLL: Final = 0.05
_LOG_TAIL_BYTES: Final = 4096
_MAX_REPLY_BYTES: Final = 64 * 1024

_children: list[subprocess.Popen[bytes]] = []  # kept to be reaped; a hub outlives its starter


class MintedToken(Wire, frozen=True, kw_only=True):
    """The answer of the mint; ``expires_at`` is in epoch seconds."""

    access_token: str
    expires_at: float

    def __repr__(self) -> str:
        return f"MintedToken(expires_at={self.expires_at})"


def is_running(runtime: HubRuntime) -> bool:
    """Whether the hub of this runtime file answers, and is that very instance."""
    try:
        status, body = _request("GET", runtime.url, HEALTH_PATH)
    except (OSError, http.client.HTTPException):
        return False
    return status == http.HTTPStatus.OK and _field(body, "instance") == runtime.instance


def find(data_dir: Path) -> HubRuntime | None:
    """Return the running hub of this data directory, or None."""
    runtime = read_runtime(data_dir)
    return runtime if runtime is not None and is_running(runtime) else None


def find_or_start(data_dir: Path | None = None, *, timeout: float = START_TIMEOUT) -> HubRuntime:
    """Return the running hub of this data directory, starting it if need be (up to ``timeout`` seconds).

    Raises:
        HubStartError: it could not be started; the text says why and what to do.

    """
    data_dir = data_dir or default_data_dir()
    _reap()
    runtime, child = _find_or_start(data_dir, timeout, serve_command)
    if child is not None:
        _children.append(child)
    return runtime


def start_child(data_dir: Path, *, timeout: float = START_TIMEOUT) -> subprocess.Popen[bytes] | None:
    """Start a hub for its caller to end, and return its process; None where one runs already.

    Where the caller was killed, it ends by itself :data:`CHILD_IDLE_TIMEOUT` seconds after the last one left.

    Raises:
        HubStartError: it could not be started; the text says why and what to do.

    """
    return _find_or_start(data_dir, timeout, lambda where: serve_command(where, CHILD_IDLE_TIMEOUT))[1]


def _find_or_start(
    data_dir: Path, timeout: float, command: Callable[[Path], list[str]]
) -> tuple[HubRuntime, subprocess.Popen[bytes] | None]:
    """Return the running hub, and its process where we have started it."""
    data_dir = data_dir.expanduser().absolute()
    deadline = time.monotonic() + timeout
    if (runtime := find(data_dir)) is not None:
        return runtime, None
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with filelock.FileLock(data_dir / LOCK_FILE, timeout=timeout):
            if (runtime := find(data_dir)) is not None:
                return runtime, None  # somebody else started it while we waited for the lock
            return _start(data_dir, deadline, command(data_dir))
    except filelock.Timeout:
        raise HubStartError(
            f"Another process has been starting the hub for {timeout:g} s; see {data_dir / LOG_FILE}."
        ) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise HubStartError(
            f"The hub's data directory {data_dir} cannot be used ({reason}): set CONDUIT_DATA_DIR."
        ) from error


def _start(data_dir: Path, deadline: float, command: list[str]) -> tuple[HubRuntime, subprocess.Popen[bytes]]:
    child = _spawn(data_dir, command)
    try:
        return _wait_for(child, data_dir, deadline), child
    except BaseException:  # whoever interrupts us wants no hub left behind
        child.terminate()
        _children.append(child)
        raise


def _wait_for(child: subprocess.Popen[bytes], data_dir: Path, deadline: float) -> HubRuntime:
    while time.monotonic() < deadline:
        # The instance decides, not the pid: a launcher may stand between us and the hub.
        if (runtime := find(data_dir)) is not None:
            return runtime
        if child.poll() is not None:
            raise HubStartError(_failure(data_dir, f"it ended with code {child.returncode}"))
        time.sleep(_POLL)
    raise HubStartError(_failure(data_dir, "it did not answer in time"))


def serve_command(data_dir: Path, idle_timeout: int = IDLE_TIMEOUT) -> list[str]:
    """Return the command that serves this data directory; ``idle_timeout`` in seconds, 0 for never."""
    options = ["--data-dir", str(data_dir), "--port", "0", "--idle-timeout", str(idle_timeout)]
    return [*python_command("conduit_widget"), "serve", *options]


def _spawn(data_dir: Path, command: list[str]) -> subprocess.Popen[bytes]:
    descriptor = os.open(data_dir / LOG_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=data_dir,
            env=child_environment(),
            start_new_session=True,  # neither Ctrl-C nor the end of a kernel reaches it
        )


def _reap() -> None:
    _children[:] = [child for child in _children if child.poll() is None]


def _failure(data_dir: Path, what: str) -> str:
    gist = _last_line(data_dir / LOG_FILE)
    said = f": {gist}" if gist else ""
    return (
        f"The local hub did not start ({what}{said}). "
        f"Run `conduit-widget serve --data-dir {data_dir}` to see why."
    )


def _last_line(path: Path) -> str:
    try:
        tail = path.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def mint(
    runtime: HubRuntime,
    user_id: str,
    user_name: str,
    *,
    is_read_only: bool = False,
    initials: str = "",
    color: str = "",
    picture: str = "",
) -> MintedToken:
    """Get an access token for a user of the local hub; the last three are how others see them.

    Raises:
        AuthenticationError: the hub refused the user, and says why, or the mint key (the runtime file is
            another hub's): no retry helps.
        ConnectionFailedError: the hub does not answer.

    """
    wanted: dict[str, object] = {"userId": user_id, "userName": user_name}
    more = {"readOnly": is_read_only, "initials": initials, "color": color, "picture": picture}
    wanted |= {name: value for name, value in more.items() if value}
    body = msgspec.json.encode(wanted)
    headers = {"Authorization": f"Bearer {runtime.mint_key}", "Content-Type": "application/json"}
    try:
        status, reply = _request("POST", runtime.url, MINT_PATH, body, headers)
        if status == http.HTTPStatus.OK:
            return msgspec.json.decode(reply, type=MintedToken)
    except (OSError, http.client.HTTPException, *UNREADABLE) as error:
        raise ConnectionFailedError(
            f"The local hub gave no token ({type(error).__name__}); it will be tried again."
        ) from None
    if status in {http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN}:
        raise AuthenticationError("The local hub refused this user: run `conduit-widget check`.", status)
    reason = _field(reply, "error") if status == http.HTTPStatus.BAD_REQUEST else None
    if isinstance(reason, str) and reason.isprintable() and 0 < len(reason) <= MAX_REASON_CHARS:
        raise AuthenticationError(
            f"The local hub refused this user: {reason} Give another one as user=, or in CONDUIT_USER.",
            status,
        )
    raise ConnectionFailedError(f"The local hub gave no token (HTTP {status}): run `conduit-widget check`.")


def _request(
    method: str, url: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Send one small request to a loopback hub; ``http.client`` uses no proxy and writes no log."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=HTTP_TIMEOUT)
    try:
        connection.request(method, parts.path.rstrip("/") + path, body=body, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read(_MAX_REPLY_BYTES)
    finally:
        connection.close()


def _field(body: bytes, name: str) -> Any:
    try:
        value = msgspec.json.decode(body)
    except UNREADABLE:
        return None
    return value.get(name) if isinstance(value, dict) else None
