"""The runs of ``view``: what is shown, how fast, and what the page's main thread did meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, Page, Route, ViewportSize

from tests.load.view_text import comm_messages
from tests.load.view_trace import Tracing, Work
from tests.support.view_page import STATE, ViewPage

VIEWPORT: Final[ViewportSize] = {"width": 900, "height": 700}
PAGE: Final = """<!doctype html><meta charset="utf-8"><div id="view"></div>
<script type="module" src="/show.js"></script>"""
Sent = list[tuple[float, dict[str, Any]]]

PLAY: Final = """({ sent, whole }) => new Promise((done) => {
  const began = performance.now();
  let next = 0;
  let text = "";
  let asked = false;
  const draw = () => {
    asked = false;
    show(text);
    scrollTo(0, document.documentElement.scrollHeight);
  };
  const deliver = (content) => {
    if (!whole) return push(content);
    const texts = Array.isArray(content) ? content : content.ops.map((op) => op.text);
    text += texts.filter((part) => typeof part === "string").join("");
    if (!asked) requestAnimationFrame(draw);
    asked = true;
  };
  const play = () => {
    while (next < sent.length && sent[next][0] <= performance.now() - began) deliver(sent[next++][1].content);
    if (next < sent.length) setTimeout(play, sent[next][0] - performance.now() + began);
    else setTimeout(done, 500);
  };
  play();
})"""
FIRST_PAINT: Final = """(state) => new Promise((done) => {
  const began = performance.now();
  push({ kind: "snapshot", n: 1, state });
  const look = () => {
    const root = document.querySelector(".conduit-view > div").shadowRoot;
    if (!root.querySelector(".message")) return requestAnimationFrame(look);
    // A task of its own after this frame: what was drawn is on its way to the screen.
    const painted = new MessageChannel();
    painted.port1.onmessage = () => done(performance.now() - began);
    requestAnimationFrame(() => painted.port2.postMessage(null));
  };
  requestAnimationFrame(look);
})"""
SCROLL: Final = """(frames) => new Promise((done) => {
  const log = document.querySelector(".conduit-view > div").shadowRoot.querySelector('[role="log"]');
  // The wheel says that a person scrolls.
  log.dispatchEvent(new WheelEvent("wheel", { deltaY: -120, bubbles: true }));
  const step = () => {
    log.scrollTop -= 120;
    frames -= 1;
    if (frames > 0) requestAnimationFrame(step);
    else done(log.scrollHeight);
  };
  step();
})"""
MOUNTS: Final = """async ({ state, times }) => {
  const { default: widget } = await import("/static/chat.js");
  for (let time = 0; time < times; time += 1) {
    const listeners = new Set();
    const model = {
      get: (name) => (name === "height" ? 0 : name === "saved_class" ? "" : "team"),
      on: (event, listener) => { if (event === "msg:custom") listeners.add(listener); },
      off: (event, listener) => listeners.delete(listener),
      send() {},
    };
    const el = document.body.appendChild(document.createElement("div"));
    const { initialize, render } = widget();
    const ends = [initialize({ model }), render({ model, el })];
    for (const listener of listeners) listener({ kind: "snapshot", n: 1, state });
    await new Promise(requestAnimationFrame);
    for (const end of ends.reverse()) end();
    el.remove();
    if (listeners.size > 0) throw new Error("A listener of the model was left.");
  }
}"""


def conversation(answers: int) -> dict[str, Any]:
    """Return the state of a view in which so many answers are being written."""
    metadata = {"status": "streaming"}
    messages = [
        {"id": f"a{n}", "role": "assistant", "content": "", "metadata": {**metadata, "seq": n + 1}}
        for n in range(answers)
    ]
    streams = {f"a{n}": {"text": "", "metrics": None} for n in range(answers)}
    return {**STATE, "messages": messages, "streams": streams}


def history(count: int) -> dict[str, Any]:
    """Return the state of a view with so many messages, of people and of a model."""
    messages = [
        {
            "id": f"m{n}",
            "role": "assistant" if n % 2 else "user",
            "content": f"Message {n}: the **residual** is `r_{n}`, and $k \\ge {n}$.\n\n- one\n- two",
            "author": None if n % 2 else {"userId": "bo", "userName": "Bo"},
            "metadata": {"seq": n + 1, "status": "complete"},
        }
        for n in range(count)
    ]
    return {**STATE, "messages": messages}


async def stream(
    browser: Browser, context: BrowserContext, pieces: list[str], rate: float, answers: int = 1
) -> Work:
    """Show answers while they are written, each with all ``pieces`` at ``rate`` a second."""
    view = await ViewPage.open(context)
    ids = [f"a{n}" for n in range(answers)]
    sent = comm_messages(pieces, rate, ids)
    state = conversation(answers)
    await view.page.evaluate("(state) => push({ kind: 'snapshot', n: 0, state })", state)
    async with Tracing(browser, view.page) as tracing:
        await view.page.evaluate(PLAY, {"sent": sent, "whole": False})
    await view.page.close()
    return tracing.work


async def whole(browser: Browser, context: BrowserContext, script: Path, sent: Sent) -> Work:
    """Show the same answer by a script that gets the whole text again for every picture."""
    page = await context.new_page()
    await page.route("**/*", lambda route: _serve(route, script))
    await page.goto("http://view.test/")
    await page.wait_for_function("() => globalThis.show !== undefined")
    async with Tracing(browser, page) as tracing:
        await page.evaluate(PLAY, {"sent": sent, "whole": True})
    await page.close()
    return tracing.work


async def _serve(route: Route, script: Path) -> None:
    if route.request.url.endswith("/show.js"):
        await route.fulfill(path=script, content_type="text/javascript")
    else:
        await route.fulfill(body=PAGE, content_type="text/html")


async def first_paint(context: BrowserContext, messages: int) -> float:
    """Return the ms from the data of a long conversation to its picture."""
    view = await ViewPage.open(context)
    time: float = await view.page.evaluate(FIRST_PAINT, history(messages))
    await view.page.close()
    return time


async def scrolling(browser: Browser, context: BrowserContext, messages: int) -> Work:
    """Scroll a long conversation for ten seconds."""
    view = await ViewPage.open(context)
    await view.page.evaluate(FIRST_PAINT, history(messages))
    async with Tracing(browser, view.page) as tracing:
        await view.page.evaluate(SCROLL, 300)
    await view.page.close()
    return tracing.work


async def left_behind(context: BrowserContext, times: int) -> dict[str, float]:
    """Mount and end views again and again; return what is left of each of them."""
    view = await ViewPage.open(context)
    await view.page.evaluate(MOUNTS, {"state": history(10), "times": 20})
    before = await _held(view.page)
    await view.page.evaluate(MOUNTS, {"state": history(10), "times": times})
    after = await _held(view.page)
    await view.page.close()
    return {name: (after[name] - value) / times for name, value in before.items()}


async def _held(page: Page) -> dict[str, float]:
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")
    for _ in range(3):
        await session.send("HeapProfiler.collectGarbage")
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    await session.detach()
    known = {metric["name"]: metric["value"] for metric in metrics}
    return {
        "heap bytes": known["JSHeapUsedSize"],
        "listeners": known["JSEventListeners"],
        "nodes": known["Nodes"],
    }
