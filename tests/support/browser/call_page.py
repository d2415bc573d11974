"""Chats in pages of a real Chromium, each with a kernel part of its own, on a real hub: for calls.

There is no JupyterLab: the page's model speaks to a real ``Chat`` in this process. ::

    async with call_page(context, server, "ann") as ann:
        await ann.join()
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import math
import wave
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import comm
import pytest
from comm.base_comm import BaseComm
from playwright.async_api import BrowserContext, Locator, Page, Route, expect

from conduit_widget.widget.browser.front_end import STATIC
from conduit_widget.widget.chat.chat import Chat
from tests.support.chat.server import ChatServer
from tests.support.hub.server import token
from tests.support.waiting import eventually

MEDIA_FLAGS: Final = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--auto-select-desktop-capture-source=Entire screen",
    "--disable-features=LocalNetworkAccessChecks",
]
"""Fake devices: a picture that moves, a beep each second; nobody is asked.

The pages are made up, so that Chromium takes them for public ones, which may reach nothing on loopback.
"""


def speech_flag(folder: Path) -> str:
    """Return the flag by which the fake microphones say something like words: a beep is nobody's voice."""
    path = folder / "speech.wav"
    rate, seconds, syllable, gap = 48_000, 3, 0.22, 0.08
    samples = bytearray()
    for number in range(rate * seconds):
        at = number / rate
        within = at % (syllable + gap)
        loud = math.sin(math.pi * within / syllable) if within < syllable else 0.0
        pitch = 120 + 40 * math.sin(2 * math.pi * at / seconds)
        voice = sum(math.sin(2 * math.pi * pitch * order * at) / order for order in range(1, 12))
        samples += int(9_000 * loud * voice).to_bytes(2, "little", signed=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(samples))
    return f"--use-file-for-fake-audio-capture={path}"


ORIGIN: Final = "http://localhost"
"""A page may use a microphone there."""
PAGE: Final = """<!doctype html><meta charset="utf-8"><title>Calls</title>
<style>body { margin: 0 } #view { height: 100vh }</style><div id="view"></div>
<script type="module">
// Every connection is noted, so that a test can measure what goes over it.
globalThis.connections = [];
const Native = globalThis.RTCPeerConnection;
globalThis.RTCPeerConnection = class extends Native {
  constructor(configuration) {
    super({ ...configuration, ...globalThis.rtcOptions });
    globalThis.connections.push(this);
  }
  setConfiguration(configuration) {
    super.setConfiguration({ ...configuration, ...globalThis.rtcOptions });
  }
};
// Six encoders for each of six people are a lot for one machine: the pictures are small and few.
const devices = navigator.mediaDevices, open = devices.getUserMedia.bind(devices);
if (globalThis.smallPictures)
  devices.getUserMedia = ({ video, ...rest }) =>
    open({ ...rest, ...(video && { video: { width: 160, height: 120, frameRate: 5 } }) });
// What comes from each of the others.
globalThis.links = async () => {
  const open = globalThis.connections.filter((pc) => pc.connectionState === 'connected');
  return Promise.all(open.map(async (pc) => {
    let frames = 0, sound = 0;
    for (const s of (await pc.getStats()).values()) {
      if (s.type === 'inbound-rtp' && s.kind === 'video') frames += s.framesDecoded ?? 0;
      if (s.type === 'inbound-rtp' && s.kind === 'audio') sound += s.totalAudioEnergy ?? 0;
    }
    return { frames, sound };
  }));
};
globalThis.measured = async () => {
  let frames = 0, sound = 0, sent = 0, relayed = 0;
  for (const pc of globalThis.connections) {
    if (pc.connectionState === 'closed') continue;
    const stats = new Map([...await pc.getStats()]);
    for (const s of stats.values()) {
      if (s.type === 'inbound-rtp' && s.kind === 'video') frames += s.framesDecoded ?? 0;
      if (s.type === 'inbound-rtp' && s.kind === 'audio') sound += s.totalAudioEnergy ?? 0;
      if (s.type === 'outbound-rtp') sent += s.packetsSent ?? 0;
      if (s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded')
        relayed += stats.get(s.localCandidateId)?.candidateType === 'relay' ? 1 : 0;
    }
  }
  return { frames, sound, sent, relayed };
};
const listeners = new Set();
globalThis.push = (message, buffers = []) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const views = buffers.map((text) => new DataView(bytes(text).buffer));
  for (const listener of listeners) listener(message, views);
};
const model = {
  get: (name) => (name === "height" ? 0 : name === "saved_class" ? "" : "team"),
  on: (event, listener) => { if (event === "msg:custom") listeners.add(listener); },
  off: (event, listener) => listeners.delete(listener),
  send: (message, _callbacks, buffers = []) => {
    const text = (buffer) => {
      let letters = "";
      for (const byte of new Uint8Array(buffer)) letters += String.fromCharCode(byte);
      return btoa(letters);
    };
    const { buffers: _sent, ...plain } = message;
    globalThis.toKernel(plain, buffers.map(text));
  },
};
const { default: widget } = await import("/static/chat.js");
const { initialize, render } = widget();
initialize({ model });
globalThis.closeView = render({ model, el: document.getElementById("view") });
</script>"""


class PageComm(BaseComm):
    """The comm of one widget: what it sends goes to the page, in order."""

    def __init__(self, **keywords: Any) -> None:
        self.loop = asyncio.get_running_loop()
        self.queue: asyncio.Queue[tuple[Any, list[str]]] = asyncio.Queue()
        self.loses: Callable[[dict[str, Any]], bool] = lambda _signal: False
        """Which signals never get to the kernel."""
        super().__init__(**keywords)

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any
    ) -> None:
        """Hand over what is for the view."""
        if data and data.get("method") == "custom":
            texts = [base64.b64encode(bytes(each)).decode("ascii") for each in buffers or []]
            self.loop.call_soon_threadsafe(self.queue.put_nowait, (data["content"], texts))

    def receive(self, content: dict[str, Any], texts: list[str]) -> None:
        """Hand over what the view sends."""
        if content.get("action") == "signal" and self.loses(content["signal"]):
            return
        data = {"method": "custom", "content": content}
        buffers = [memoryview(base64.b64decode(text)) for text in texts]
        self.handle_msg({"content": {"data": data, "comm_id": self.comm_id}, "buffers": buffers})


class CallPage:
    """One person's page. ``chat`` is their kernel's."""

    def __init__(self, page: Page, chat: Chat, own: PageComm) -> None:
        self.page = page
        self.chat = chat
        self.comm = own
        self.root: Locator = page.locator("section.chat")
        self.sheet = self.root.locator(".sheet[data-sheet=call]")
        self.button = self.root.locator(".call-button")
        self.tiles = self.sheet.locator(".tile")

    async def goto(self) -> None:
        """Open the page, or load it again."""
        await self.page.goto(f"{ORIGIN}/")
        await expect(self.button).to_be_visible()

    async def open(self) -> None:
        """Open the call's sheet."""
        await self.button.click()
        await expect(self.sheet).to_be_visible()

    async def join(self, *, camera: bool = True, microphone: bool = True) -> None:
        """Open the call and join it."""
        await self.open()
        await self.sheet.get_by_label("With camera").set_checked(camera)
        await self.sheet.get_by_label("With microphone").set_checked(microphone)
        await self.sheet.locator("button.join").click()
        await expect(self.sheet.locator(".stage")).to_be_visible()

    async def press(self, name: str) -> None:
        """Press a control of the call."""
        await self.sheet.get_by_role("button", name=name, exact=True).click()

    async def measured(self) -> dict[str, float]:
        """Return frames decoded, energy of the sound heard, packets sent and relayed pairs so far."""
        found: dict[str, float] = await self.page.evaluate("() => globalThis.measured()")
        return found

    async def sees_more(self, frames: int = 5, *, within: float = 60.0) -> None:
        """Wait until so many more frames have been decoded."""
        await self._more("frames", frames, within)

    async def hears_more(self, *, within: float = 60.0) -> None:
        """Wait until more sound has been heard."""
        await self._more("sound", 1e-4, within)

    async def hears_and_sees(self, others: int, *, within: float = 120.0) -> None:
        """Wait until pictures are decoded, and sound is heard, of so many others, of each of them."""

        async def look() -> bool:
            links = await self.page.evaluate("() => globalThis.links()")
            return len([1 for link in links if link["frames"] >= 5 and link["sound"] > 1e-4]) == others

        await eventually(look, within=within, what=f"{others} others are heard and seen")

    async def _more(self, what: str, by: float, within: float) -> None:
        goal = (await self.measured())[what] + by

        async def look() -> bool:  # a page is not asked to wait: it takes a promise for a yes
            return (await self.measured())[what] >= goal

        await eventually(look, within=within, what=f"more {what}")


async def _serve(route: Route, headers: dict[str, str]) -> None:
    address = urlsplit(route.request.url)
    if address.path == "/":
        await route.fulfill(body=PAGE, headers={"content-type": "text/html", **headers})
    elif (file := STATIC / address.path.removeprefix("/static/")).is_file():
        await route.fulfill(body=file.read_bytes(), content_type="text/javascript")
    else:
        await route.fulfill(status=404)


@contextlib.asynccontextmanager
async def call_page(
    context: BrowserContext,
    server: ChatServer,
    user: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    conversation: str = "team",
    options: str = "{}",
    small_pictures: bool = False,
    headers: dict[str, str] | None = None,
) -> AsyncIterator[CallPage]:
    """Open a page with a chat of its own for a user. ``options`` are those of each RTCPeerConnection.

    With ``small_pictures`` the camera's are 160 x 120, five a second. ``headers`` are more of the page's own.
    """
    made: list[PageComm] = []

    def create(**keywords: Any) -> PageComm:
        made.append(PageComm(**keywords))
        return made[-1]

    with monkeypatch.context() as patch:
        patch.setattr(comm, "create_comm", create)
        chat = Chat(conversation, hub_url=server.url, token=lambda: token(user))
    own = next(each for each in made if each.comm_id == chat.comm.comm_id)
    page = await context.new_page()
    opened = CallPage(page, chat, own)
    await page.expose_function("toKernel", own.receive)
    await page.route(f"{ORIGIN}/**", lambda route: _serve(route, headers or {}))
    small = str(small_pictures).lower()
    await page.add_init_script(f"globalThis.rtcOptions = {options}; globalThis.smallPictures = {small};")

    async def pump() -> None:
        while True:
            content, buffers = await own.queue.get()
            with contextlib.suppress(Exception):  # a page that loads again has nobody to hear it
                await page.evaluate(
                    "([message, buffers]) => globalThis.push?.(message, buffers)", [content, buffers]
                )

    pumping = asyncio.create_task(pump())
    try:
        await opened.goto()
        yield opened
    finally:
        pumping.cancel()
        await page.close()
        await asyncio.to_thread(chat.close)
