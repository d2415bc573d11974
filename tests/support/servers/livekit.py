"""A real LiveKit server on loopback, with the key that a site shares with it."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import time
from pathlib import Path
from typing import Any, Final

import jwt
import pytest

from conduit_widget.chat.call_settings import CallSettings
from tests.support.network.ports import free_port
from tests.support.processes.toolchain import ToolchainMissingError, install_go
from tests.support.waiting import eventually_sync

PACKAGE: Final = "github.com/livekit/livekit-server/cmd/server"
VERSION: Final = "v1.9.11"
"""The newest one that Go installs by name: later ones want forks of libraries beside it."""
KEY: Final = "north"
SECRET: Final = "the-secret-of-north-that-is-long-enough"


def own_turn() -> dict[str, Any]:
    """Return the configuration of a TURN server within LiveKit's."""
    return {"turn": {"enabled": True, "udp_port": free_port(), "tls_port": 0, "domain": "127.0.0.1"}}


def turn_beside(port: int, secret: str) -> dict[str, Any]:
    """Return the configuration of a coturn on loopback that shares its secret with LiveKit's server."""
    server = {"host": "127.0.0.1", "port": port, "protocol": "udp", "secret": secret, "ttl": 3600}
    return {"rtc": {"turn_servers": [server]}}


class LiveKitServer:
    """``settings`` are what a site configures. Built by Go from its published module, once for a machine.

    ``relay`` is the way round that it tells browsers of: its own TURN server, or one beside it, as a part of
    its configuration (see :func:`own_turn` and :func:`turn_beside`).
    """

    def __init__(self, folder: Path, relay: dict[str, Any] | None = None) -> None:
        self.port = free_port()
        self._relay = relay or {}
        self.settings = CallSettings(
            livekit_url=f"ws://127.0.0.1:{self.port}", livekit_key=KEY, livekit_secret=SECRET
        )
        self.log = folder / "livekit.log"
        self._media_ports = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> LiveKitServer:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Run it, at the same address as before; it knows nothing of what was."""
        try:
            program = install_go(PACKAGE, VERSION)
        except ToolchainMissingError as error:
            pytest.fail(f"LiveKit's server cannot be built: {error}", pytrace=False)
        with self.log.open("ab") as log:
            command = [str(program), "--config-body", json.dumps(self._configuration())]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        eventually_sync(self._answers, what=f"LiveKit on port {self.port}")

    def stop(self) -> None:
        """End it without a word to anybody."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)
            self._process = None

    def put_everybody_out(self) -> None:
        """As an administrator would."""
        for room in self._ask("ListRooms", {}, roomList=True)["rooms"]:
            named = {"room": room["name"]}
            for participant in self._ask("ListParticipants", named, **named)["participants"]:
                self._ask("RemoveParticipant", {**named, "identity": participant["identity"]}, **named)

    def _ask(self, method: str, body: dict[str, Any], **grants: Any) -> dict[str, Any]:
        claims = {"iss": KEY, "exp": int(time.time()) + 600, "video": {"roomAdmin": True, **grants}}
        headers = {
            "authorization": f"Bearer {jwt.encode(claims, SECRET, 'HS256')}",
            "content-type": "application/json",
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("POST", f"/twirp/livekit.RoomService/{method}", json.dumps(body), headers)
            reply = connection.getresponse()
            text = reply.read()
            assert reply.status == 200, text
            answer: dict[str, Any] = json.loads(text)
            return answer

    def _configuration(self) -> dict[str, Any]:
        tcp, udp = self._media_ports
        media: dict[str, Any] = {
            "tcp_port": tcp,
            "udp_port": udp,
            "node_ip": "127.0.0.1",
            "use_external_ip": False,
        }
        # Of its sockets, all of which it tells of by that address, one on another interface may be taken: it
        # answers from another address, for which nobody has a permission at a TURN server.
        media["interfaces"] = {"includes": ["lo"]}
        return {
            "port": self.port,
            "bind_addresses": ["127.0.0.1"],
            "keys": {KEY: SECRET},
            "logging": {"level": "debug"},
            "rtc": {**media, "enable_loopback_candidate": True, **self._relay.get("rtc", {})},
            "turn": self._relay.get("turn", {"enabled": False}),
        }

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", "/")
            return connection.getresponse().status == 200
        return False
