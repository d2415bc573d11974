"""The hub that is measured: where it is, who its clients are, and what it costs."""

from __future__ import annotations

import contextlib
import itertools
import json
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psutil

from conduit_widget.cli.arguments import UsageError
from conduit_widget.contract import CHAT_HUB_PATH, ChatMethod
from conduit_widget.hub.auth.local_authority import LocalAuthority
from conduit_widget.hub.auth.secret_file import SiteSecretFile, load_or_create_secrets
from tests.load.bench.crowd import BenchError, Client, Crowd, Script, Step
from tests.load.bench.own_hub import KEY_FILE
from tests.support.signalr.client_frames import HANDSHAKE, SEPARATOR, frame, invocation

ROOT: Final = Path(__file__).resolve().parents[3]
TOKEN_LIFE: Final = 3600.0
_COMPLETION: Final = b'"type":3,"invocationId":"open"'

TokenOf = Callable[[int], str]
"""The access token of the client with that number."""


@dataclass(frozen=True)
class Target:
    """A running hub. ``pid``: its process, where it is on this machine and known."""

    host: str
    port: int
    token_of: TokenOf
    pid: int | None = None

    def crowd(self) -> Crowd:
        """Return a crowd without clients yet."""
        return Crowd(self.host, self.port)

    def cpu(self) -> float | None:
        """CPU seconds used so far."""
        if self.pid is None:
            return None
        used = psutil.Process(self.pid).cpu_times()
        return float(used.user + used.system)

    def memory(self) -> int | None:
        """Bytes of memory held."""
        return None if self.pid is None else int(psutil.Process(self.pid).memory_info().rss)

    def script(self, number: int, *opening: bytes) -> Script:
        """Return the opening of a client: the handshake, then framed invocations with the id ``open``."""
        steps = [Step(frame(HANDSHAKE), b"{}" + SEPARATOR)]
        steps += [Step(sent, _COMPLETION, SEPARATOR) for sent in opening]
        return Script(f"{CHAT_HUB_PATH}?access_token={self.token_of(number)}", steps)

    def join(self, number: int, conversation_id: str) -> Script:
        """Return the opening of a member."""
        return self.script(number, invocation(ChatMethod.JOIN_CONVERSATION, conversation_id, id_="open"))

    def resume(self, number: int, conversation_id: str, epoch: str, seq: int) -> Script:
        """Return the opening of a member who was away."""
        arguments = (conversation_id, epoch, seq)
        return self.script(number, invocation(ChatMethod.RESUME_CONVERSATION, *arguments, id_="open"))


def new_conversation() -> str:
    """Return an id nobody else uses."""
    return f"bench-{secrets.token_hex(6)}"


class Messages:
    """Framed SendMessages that ask no model, made but for their ids before; all of one length.

    ``answered``: each is to be acknowledged.
    """

    def __init__(self, conversation_id: str, text: str, *, answered: bool = False) -> None:
        content = {"id": _HOLE, "role": "user", "content": text, "metadata": {"respond": False}}
        made = invocation(ChatMethod.SEND_MESSAGE, conversation_id, content, id_=_HOLE if answered else None)
        self._form = made.replace(_HOLE.encode(), b"%s")
        self._holes = 2 if answered else 1
        self._made = itertools.count()
        self._prefix = secrets.token_hex(8)

    def __next__(self) -> bytes:
        id_ = f"{self._prefix}{next(self._made):016x}".encode()
        return self._form % ((id_,) * self._holes)


_HOLE: Final = "%" * 32


def result_of(client: Client) -> dict[str, Any]:
    """Return what answered a client's last opening invocation."""
    payload = client.reply[client.reply.find(b"{") :]
    for record in payload.split(SEPARATOR):
        start = record.find(b'{"type":3')
        if start >= 0:
            result: dict[str, Any] = json.loads(record[start:])["result"]
            return result
    raise BenchError("The hub's answer was not understood.")


@contextlib.contextmanager
def own_hub() -> Iterator[Target]:
    """Start a hub for the measurement, on a new history file; stop it at the end.

    Raises:
        BenchError: it did not start.

    """
    with tempfile.TemporaryDirectory(prefix="conduit-bench-") as folder:
        command = [sys.executable, "-m", "tests.load.bench.own_hub", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stdout is not None
            try:
                url = process.stdout.readline().strip()
                if not url:
                    raise BenchError("The hub did not start; its message is above.")
                authority = LocalAuthority(load_or_create_secrets(Path(folder) / KEY_FILE)[0])
                yield target_at(url, _minting(authority), process.pid)
            finally:
                process.terminate()


def target_at(url: str, token_of: TokenOf, pid: int | None = None) -> Target:
    """Return the hub at a base URL.

    Raises:
        UsageError: the URL is not plain HTTP; put the bench beside the hub, not behind its proxy.

    """
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError:
        parts, port = urlsplit(""), 80
    if parts.scheme not in ("http", "ws") or parts.hostname is None:
        raise UsageError("--url: give the hub's own address, http://HOST:PORT (no TLS).")
    return Target(parts.hostname, port, token_of, pid)


def minting(key_file: Path) -> TokenOf:
    """Return tokens of many users, signed with the key file a hub was started with.

    Raises:
        HubStartError: the key cannot be read or is too short.

    """
    return _minting(LocalAuthority(SiteSecretFile(key_file)))


def _minting(authority: LocalAuthority) -> TokenOf:
    return lambda number: authority.issue(f"bench-{number}", f"Bench {number}", TOKEN_LIFE)
