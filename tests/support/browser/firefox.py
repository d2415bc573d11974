"""Firefox as it is installed, driven by its own WebDriver BiDi socket: no driver binary, no patched browser.

Playwright drives only a Firefox of its own, Selenium needs geckodriver; what a test of the view needs of the
standard (https://w3c.github.io/webdriver-bidi/) is four commands.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect

from tests.support.waiting import eventually

NAMES: Final = ("firefox", "firefox-esr")
_LISTENING: Final = re.compile(r"WebDriver BiDi listening on (ws://\S+)")


class MissingFirefoxError(Exception):
    """No Firefox here."""


def find_firefox() -> str:
    """Return the path of Firefox: ``CONDUIT_FIREFOX``, else PATH.

    Raises:
        MissingFirefoxError: there is none.

    """
    named = os.environ.get("CONDUIT_FIREFOX")
    found = named or next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise MissingFirefoxError("Firefox is missing: install the package firefox-esr, then run this again.")
    return found


class BidiError(Exception):
    """Firefox refused a command."""


class FirefoxPage:
    """A window of Firefox."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._context = ""

    async def _command(self, method: str, **params: Any) -> Any:
        id_ = next(self._ids)
        await self._socket.send(json.dumps({"id": id_, "method": method, "params": params}))
        while True:
            message = json.loads(await self._socket.recv())
            if message.get("id") != id_:
                continue  # an event
            if message["type"] == "error":
                raise BidiError(f"{method}: {message['error']}: {message['message']}")
            return message["result"]

    async def begin(self, width: int, height: int) -> None:
        """Open a window of this size: only one that is opened has the focus, which JupyterLab goes by."""
        await self._command("session.new", capabilities={})
        window = await self._command("browsingContext.create", type="window")
        self._context = window["context"]
        await self._command(
            "browsingContext.setViewport",
            context=self._context,
            viewport={"width": width, "height": height},
        )

    async def goto(self, url: str) -> None:
        """Load a page, to its load event."""
        await self._command("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def evaluate(self, function: str, *arguments: Any) -> Any:
        """Call a JavaScript function in the page; arguments and result travel as JSON."""
        called = f"({function})(...JSON.parse(args))"
        result = await self._command(
            "script.callFunction",
            functionDeclaration=f"async (args) => JSON.stringify((await {called}) ?? null)",
            arguments=[{"type": "string", "value": json.dumps(arguments)}],
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        if result["type"] == "exception":
            raise BidiError(result["exceptionDetails"]["text"])
        return json.loads(result["result"]["value"])

    async def press(self, *keys: str, held: str | None = None) -> None:
        """Press keys one after the other, as a person does; ``held`` is down meanwhile."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        if held is not None:
            strokes = [{"type": "keyDown", "value": held}, *strokes, {"type": "keyUp", "value": held}]
        await self._act({"type": "key", "id": "keyboard", "actions": strokes})

    async def wheel(self, x: float, y: float, by: int) -> None:
        """Turn the wheel over a point; ``by`` px, upward when negative."""
        turn = {"type": "scroll", "x": round(x), "y": round(y), "deltaX": 0, "deltaY": by}
        await self._act({"type": "wheel", "id": "wheel", "actions": [turn]})

    async def click(self, x: float, y: float) -> None:
        """Click a point."""
        await self.drag((x, y), (x, y))

    async def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press the mouse at one point and let go at another."""
        (x, y), (to_x, to_y) = start, end
        moves = [
            {"type": "pointerMove", "x": round(x), "y": round(y)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerMove", "x": round(to_x), "y": round(to_y), "duration": 200},
            {"type": "pointerUp", "button": 0},
        ]
        await self._act({"type": "pointer", "id": "mouse", "actions": moves})

    async def screenshot(self) -> bytes:
        """Return a picture of the page, as PNG."""
        shot = await self._command("browsingContext.captureScreenshot", context=self._context)
        return base64.b64decode(shot["data"])

    async def _act(self, source: dict[str, Any]) -> None:
        await self._command("input.performActions", context=self._context, actions=[source])


@contextlib.asynccontextmanager
async def firefox(profile: Path, *, width: int = 1100, height: int = 900) -> AsyncIterator[FirefoxPage]:
    """Run a headless Firefox with a fresh profile for the length of the block."""
    process, log = _start(profile)
    try:
        url = await eventually(lambda: _address(process, log), within=120, what="Firefox listens")
        async with connect(f"{url}/session", max_size=None, proxy=None) as socket:
            page = FirefoxPage(socket)
            await page.begin(width, height)
            yield page
    finally:
        _end(process)


def _start(profile: Path) -> tuple[subprocess.Popen[bytes], Path]:
    profile.mkdir(parents=True)
    log_path = profile / "firefox.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [
                *(find_firefox(), "--headless", "--no-remote", "--remote-debugging-port=0"),
                *("--profile", str(profile)),
            ],
            env={**os.environ, "HOME": str(profile)},  # as root, Firefox wants a home of root's own
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    return process, log_path


def _address(process: subprocess.Popen[bytes], log: Path) -> str | None:
    text = log.read_text(errors="replace")
    assert process.poll() is None, text[-2000:]
    found = _LISTENING.search(text)
    return found and found[1]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
