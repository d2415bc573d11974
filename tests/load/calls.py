"""``python -m tests.load calls``: how soon one sees the other in a call, and what that costs the processor.

Two pages of one Chromium with fake devices, on loopback. The time runs from the click on *Join* to the first
picture that is decoded. The processor's time is that of all of Chromium, beside two pages that have the same
devices and connection, pictures of the same size, and nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Final

import psutil
import pytest
from playwright.async_api import Browser, Page, Route, async_playwright

from tests.support.browser.call_page import MEDIA_FLAGS, ORIGIN, CallPage, call_page
from tests.support.browser.chromium import FLAGS, ensure_chromium
from tests.support.chat.server import chat_server
from tests.support.waiting import eventually

FIRST_FRAME: Final = 1.5
CPU_SHARE: Final = 1.15
SETTLE: Final = 5.0
VIEWPORT: Final = {"width": 900, "height": 700}
BARE: Final = """<!doctype html><title>Bare</title>
<style>video { width: 430px; height: 220px; object-fit: cover }</style>
<video id="own" autoplay muted></video><video id="other" autoplay></video>
<script type="module">
const offers = new URLSearchParams(location.search).has("offers");
const channel = new BroadcastChannel("bare");
const pc = new RTCPeerConnection();
globalThis.measured = async () => {
  let frames = 0;
  for (const s of (await pc.getStats()).values())
    if (s.type === "inbound-rtp" && s.kind === "video") frames += s.framesDecoded ?? 0;
  return { frames };
};
const stream = await navigator.mediaDevices.getUserMedia({
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
});
own.srcObject = stream;
for (const track of stream.getTracks()) pc.addTrack(track, stream);
pc.ontrack = ({ streams }) => { other.srcObject = streams[0]; };
pc.onicecandidate = ({ candidate }) => channel.postMessage({ candidate: candidate?.toJSON() });
channel.onmessage = async ({ data }) => {
  if (data.candidate) await pc.addIceCandidate(data.candidate);
  if (!data.description) return;
  await pc.setRemoteDescription(data.description);
  if (data.description.type !== "offer") return;
  await pc.setLocalDescription();
  channel.postMessage({ description: pc.localDescription.toJSON() });
};
if (offers) {
  await pc.setLocalDescription();
  channel.postMessage({ description: pc.localDescription.toJSON() });
}
globalThis.ready = true;
</script>"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``calls``."""
    parser.add_argument("--times", type=int, default=7, help="how often one joins")
    parser.add_argument("--seconds", type=float, default=15.0, help="for how long the processor is watched")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 1 when a goal was missed."""
    with (
        tempfile.TemporaryDirectory(prefix="conduit-calls-") as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        missed = asyncio.run(_measure(Path(folder), patch, arguments))
    for line in missed:
        print(f"missed: {line}")
    return int(bool(missed))


async def _measure(folder: Path, patch: pytest.MonkeyPatch, arguments: argparse.Namespace) -> list[str]:
    missed = []
    async with async_playwright() as playwright:
        async with _browser(playwright) as browser:
            times, ours = await _call(browser, folder, patch, arguments)
        async with _browser(playwright) as browser:
            bare = await _bare(browser, arguments.seconds)
    median = statistics.median(times)
    print(f"join to first picture: median {median:.2f} s, worst {max(times):.2f} s of {len(times)}")
    print(f"processor of Chromium, two pages: {ours:.2f} cores, bare {bare:.2f}; {ours / bare:.2f} times")
    if median > FIRST_FRAME:
        missed.append(f"join to first picture: {median:.2f} > {FIRST_FRAME} s")
    if ours / bare > CPU_SHARE:
        missed.append(f"processor: {ours / bare:.2f} > {CPU_SHARE} times the bare page's")
    return missed


@contextlib.asynccontextmanager
async def _browser(playwright):  # type: ignore[no-untyped-def]
    browser = await playwright.chromium.launch(executable_path=ensure_chromium(), args=FLAGS + MEDIA_FLAGS)
    try:
        yield browser
    finally:
        await browser.close()


async def _call(
    browser: Browser, folder: Path, patch: pytest.MonkeyPatch, arguments: argparse.Namespace
) -> tuple[list[float], float]:
    context = await browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]
    async with (
        chat_server(folder / "h.db") as server,
        call_page(context, server, "ann", patch) as ann,
        call_page(context, server, "bob", patch) as bob,
    ):
        await ann.join()
        await bob.open()
        await bob.sheet.get_by_label("With camera").check()
        times = []
        for number in range(arguments.times):
            times.append(await _first_frame(bob))
            if number < arguments.times - 1:
                await bob.press("Leave")
                await bob.sheet.get_by_label("With camera").check()
        return times, await _processor(arguments.seconds)


async def _first_frame(person: CallPage) -> float:
    """Click on Join; return the seconds to the first picture."""
    return float(
        await person.sheet.locator("button.join").evaluate(
            """async (button) => {
              const began = performance.now();
              button.click();
              const later = (next) => setTimeout(next, 10);
              while ((await globalThis.measured()).frames === 0) await new Promise(later);
              return (performance.now() - began) / 1000;
            }"""
        )
    )


async def _bare(browser: Browser, seconds: float) -> float:
    context = await browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]
    pages: list[Page] = []
    for query in ("", "?offers"):
        page = await context.new_page()
        await page.route("**/*", _serve_bare)
        await page.goto(f"{ORIGIN}/{query}")
        await page.wait_for_function("() => globalThis.ready")
        pages.append(page)
    for page in pages:
        await eventually(partial(_sees, page), what="the bare pages see each other")
    return await _processor(seconds)


async def _sees(page: Page) -> bool:
    return bool(await page.evaluate("async () => (await globalThis.measured()).frames > 0"))


async def _serve_bare(route: Route) -> None:
    await route.fulfill(body=BARE, content_type="text/html")


async def _processor(seconds: float) -> float:
    """Return how many cores our Chromium takes, once everything has settled."""
    await asyncio.sleep(SETTLE)
    before, began = _used(), time.monotonic()
    await asyncio.sleep(seconds)
    return (_used() - before) / (time.monotonic() - began)


def _used() -> float:
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "chrom" in process.name():
                times = process.cpu_times()
                total += times.user + times.system
    return total
