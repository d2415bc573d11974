"""Shows answers while they are written, in our view and in others; says what the page's main thread did."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, Page, Route, ViewportSize

from tests.load.view.text import comm_messages
from tests.load.view.trace import Tracing, Work
from tests.support.browser.view_page import STATE, ViewPage

LATE_MS: Final = 50.0  # one and a half of the time between two messages of the kernel
VIEWPORT: Final[ViewportSize] = {"width": 900, "height": 700}
PAGE: Final = """<!doctype html><meta charset="utf-8"><style>#view { height: 480px; overflow: auto }</style>
<div id="view"></div><script type="module" src="/show.js"></script>"""

# What is played is on the page before anything is measured: reading it is the browser's work, not the view's.
LOAD: Final = """(played) => { globalThis.played = played; }"""
PLAY: Final = """() => new Promise((done) => {
  const { sent, end, whole } = played;
  const began = performance.now();
  const view = document.getElementById("view");
  let next = 0;
  let text = "";
  let asked = false;
  const draw = () => {
    asked = false;
    show(text);
    view.scrollTop = view.scrollHeight;
  };
  const deliver = (content) => {
    if (!whole) return push(content);
    const texts = Array.isArray(content) ? content : content.ops.map((op) => op.text);
    text += texts.filter((part) => typeof part === "string").join("");
    if (!asked) requestAnimationFrame(draw);
    asked = true;
  };
  const finish = () => {
    for (const [, data] of end) push(data.content);
    setTimeout(done, 2000);
  };
  const play = () => {
    while (next < sent.length && sent[next][0] <= performance.now() - began) deliver(sent[next++][1].content);
    if (next < sent.length) setTimeout(play, sent[next][0] - performance.now() + began);
    else setTimeout(whole ? done : finish, 500);
  };
  play();
})"""

# The next piece comes when the last is drawn, or when four frames have shown that it changes nothing (half a
# formula): whoever is slow has as many pictures to draw as whoever is quick.
ONE_BY_ONE: Final = """() => new Promise((done) => {
  const { sent, whole, each } = played;
  const view = document.getElementById("view");
  let next = 0;
  let text = "";
  let waited = Infinity;
  const seen = new MutationObserver(() => { waited = Infinity; });
  const changes = { childList: true, characterData: true, subtree: true };
  seen.observe(whole ? view : view.firstElementChild.shadowRoot, changes);
  const deliver = (some) => {
    if (!whole) return some.forEach(([, data]) => push(data.content));
    for (const [, { content }] of some) {
      const texts = Array.isArray(content) ? content : content.ops.map((op) => op.text);
      text += texts.filter((part) => typeof part === "string").join("");
    }
    show(text);
    view.scrollTop = view.scrollHeight;
  };
  const frame = () => {
    waited += 1;
    if (waited >= 4) {
      if (next >= sent.length) return setTimeout(done, 500);
      waited = 0;
      deliver(sent.slice(next, next + each));
      next += each;
    }
    requestAnimationFrame(frame);
  };
  frame();
})"""


def conversation(answers: int) -> dict[str, Any]:
    """Return the state of a view in which so many answers are being written."""
    metadata = {"status": "streaming"}
    messages = [
        {"id": f"a{n}", "role": "assistant", "content": "", "metadata": {**metadata, "seq": n + 1}}
        for n in range(answers)
    ]
    streams = {f"a{n}": {"text": "", "metrics": None} for n in range(answers)}
    return {**STATE, "messages": messages, "streams": streams}


async def ours(
    browser: Browser, context: BrowserContext, pieces: list[str], rate: float, answers: int = 1
) -> Work:
    """Show answers while they are written, each with all ``pieces`` at ``rate`` a second, and their ends."""
    view = await ViewPage.open(context)
    sent, end = comm_messages(pieces, rate, [f"a{n}" for n in range(answers)])
    state = conversation(answers)
    await view.page.evaluate("(state) => push({ kind: 'snapshot', n: 0, state })", state)
    return await _play(browser, view.page, {"sent": sent, "end": end, "whole": False})


async def ours_one_by_one(browser: Browser, context: BrowserContext, pieces: list[str], rate: float) -> Work:
    """Show an answer in one picture for each message of the comm, however long that takes."""
    view = await ViewPage.open(context)
    sent, _ = comm_messages(pieces, rate, ["a0"])
    await view.page.evaluate("(state) => push({ kind: 'snapshot', n: 0, state })", conversation(1))
    return await _play(browser, view.page, {"sent": sent, "whole": False, "each": 1}, ONE_BY_ONE)


async def theirs_one_by_one(
    browser: Browser, script: Path, pieces: list[str], rate: float, each: int
) -> tuple[Work, int]:
    """Show the same in one picture for ``each`` so many messages; return how many pictures that were, too."""
    page = await _opened(browser, script)
    sent, _ = comm_messages(pieces, rate, ["a0"])
    work = await _play(browser, page, {"sent": sent, "whole": True, "each": each}, ONE_BY_ONE)
    return work, -(-len(sent) // each)


async def theirs(browser: Browser, script: Path, pieces: list[str], rate: float) -> Work:
    """Show the same answer by a script that gets the whole text again for every picture."""
    page = await _opened(browser, script)
    sent, _ = comm_messages(pieces, rate, ["a0"])
    return await _play(browser, page, {"sent": sent, "end": [], "whole": True})


async def _opened(browser: Browser, script: Path) -> Page:
    page = await browser.new_page(viewport=VIEWPORT)
    await page.route("**/*", lambda route: _serve(route, script))
    await page.goto("http://view.test/")
    await page.wait_for_function("() => globalThis.show !== undefined")
    return page


async def _play(browser: Browser, page: Page, played: dict[str, Any], play: str = PLAY) -> Work:
    await page.evaluate(LOAD, played)
    async with Tracing(browser, page, LATE_MS) as tracing:
        await page.evaluate(play)
    await page.close()
    return tracing.work


async def _serve(route: Route, script: Path) -> None:
    if route.request.url.endswith("/show.js"):
        await route.fulfill(path=script, content_type="text/javascript")
    else:
        await route.fulfill(body=PAGE, content_type="text/html")
