"""A conversation of many messages: its first picture, scrolling, hits of a search; what ended views leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, Page

from tests.load.view.trace import Tracing, Work
from tests.support.browser.view_page import STATE, ViewPage

CONVERSATION: Final = {
    **{"conversationId": STATE["conversationId"], "title": "", "role": "owner"},
    **{"visibility": "open", "assistant": "always"},
}
"""What the kernel says of a conversation: without it the view has no search."""

ROOT: Final = """() => document.querySelector(".conduit-view > div").shadowRoot"""
PAINTED: Final = """() => new Promise((done) => {
  // A task of its own after this frame: what was drawn is on its way to the screen.
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = done;
  port2.postMessage(null);
})"""
FIRST_PAINT: Final = f"""() => new Promise((done) => {{
  const root = ({ROOT})();
  const began = performance.now();
  push({{ kind: "snapshot", n: 1, state: played }});
  const look = () => {{
    if (!root.querySelector(".message")) return requestAnimationFrame(look);
    ({PAINTED})().then(() => done(performance.now() - began));
  }};
  requestAnimationFrame(look);
}})"""
SCROLL: Final = f"""(frames) => new Promise((done) => {{
  const log = ({ROOT})().querySelector('[role="log"]');
  // The wheel says that a person scrolls.
  log.dispatchEvent(new WheelEvent("wheel", {{ deltaY: -120, bubbles: true }}));
  const step = () => {{
    log.scrollTop -= 120;
    frames -= 1;
    if (frames > 0) requestAnimationFrame(step);
    else done(log.scrollHeight);
  }};
  step();
}})"""
FIND: Final = f"""async (hit) => {{
  const root = ({ROOT})();
  const log = root.querySelector('[role="log"]');
  const until = (is) => new Promise((done) => {{
    const look = () => (is() ? done() : requestAnimationFrame(look));
    look();
  }});
  const field = () => root.querySelector(".search input[type=search]");
  const found = () => root.querySelector("button.hit");
  const isInView = () => {{
    const article = root.querySelector(`[data-message-id="${{hit.message.id}}"]`);
    if (!article) return false;
    const [place, frame] = [article.getBoundingClientRect(), log.getBoundingClientRect()];
    return place.top >= frame.top - 1 && place.bottom <= frame.bottom + 1;
  }};
  globalThis.asked = ({{ kind, requestId }}) => {{
    const result = {{ hits: [hit], hasMore: false }};
    if (kind === "search") push({{ kind: "reply", requestId, ok: true, result }});
  }};
  await until(() => root.querySelector("header button[aria-label=Search]"));
  if (!field()) root.querySelector("header button[aria-label=Search]").click();
  await until(field);
  field().value = hit.snippet;
  field().dispatchEvent(new Event("input", {{ bubbles: true }}));
  await until(() => found()?.textContent.includes(hit.snippet));
  await new Promise((done) => setTimeout(done, 300));
  const began = performance.now();
  found().click();
  await until(isInView);
  await ({PAINTED})();
  return performance.now() - began;
}}"""
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


@dataclass(frozen=True, slots=True)
class Picture:
    """How long something took to be seen, in ms, and the work of the main thread until then."""

    wall: float
    work: Work


def history(count: int) -> dict[str, Any]:
    """Return the state of a view with so many messages, of people and of a model."""
    messages = [_message(number) for number in range(count)]
    return {**STATE, "conversation": CONVERSATION, "messages": messages}


def _message(number: int) -> dict[str, Any]:
    words = f"Message {number}: the **residual** is `r_{number}`, and $k \\ge {number}$."
    return {
        "id": f"m{number}",
        "role": "assistant" if number % 2 else "user",
        "content": f"{words}\n\n- one\n- two",
        "author": None if number % 2 else {"userId": "bo", "userName": "Bo"},
        "metadata": {"seq": number + 1, "status": "complete"},
    }


async def _opened(context: BrowserContext, messages: int) -> ViewPage:
    view = await ViewPage.open(context)
    # Before anything is measured: to read the data from here is the browser's work, not the view's.
    await view.page.evaluate("(state) => { globalThis.played = state; }", history(messages))
    await view.page.evaluate("() => new Promise(requestIdleCallback)")
    return view


async def first_paint(browser: Browser, context: BrowserContext, messages: int) -> Picture:
    """Return how long it takes from the data of a long conversation to its picture."""
    view = await _opened(context, messages)
    async with Tracing(browser, view.page) as tracing:
        wall: float = await view.page.evaluate(FIRST_PAINT)
    await view.page.close()
    return Picture(wall, tracing.work)


async def scrolling(browser: Browser, context: BrowserContext, messages: int) -> Work:
    """Scroll a long conversation through 300 pictures."""
    view = await _opened(context, messages)
    await view.page.evaluate(FIRST_PAINT)
    async with Tracing(browser, view.page) as tracing:
        await view.page.evaluate(SCROLL, 300)
    await view.page.close()
    return tracing.work


async def hits(context: BrowserContext, messages: int) -> list[float]:
    """Return for hits in several places how many ms it takes from the press to the message in view."""
    view = await _opened(context, messages)
    await view.page.evaluate(FIRST_PAINT)
    times: list[float] = []
    for share in (0.0, 0.5, 0.25, 0.999, 0.75, 0.1):
        number = int(share * messages)
        hit = {
            "message": _message(number),
            "conversationId": STATE["conversationId"],
            "snippet": f"Message {number}",
            "ranges": [[0, 7]],
        }
        times.append(await view.page.evaluate(FIND, hit))
    await view.page.close()
    return times


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
