"""A widget's view on an empty page, without JupyterLab: the browser's part alone, its kernel the test's."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Page, Route

from conduit_widget.widget.browser.front_end import STATIC

ORIGIN: Final = "http://view.test"
PAGE: Final = """<!doctype html><meta charset="utf-8"><title>View</title>
<style>body { margin: 0 } #canary { color: rgb(1, 2, 3) }</style>
<p id="canary">beside the chat</p><div id="view"></div>
<script type="module">
import widget from "/static/%PART.js";
const listeners = new Set();
const push = (message, buffers = []) => { for (const listener of listeners) listener(message, buffers); };
const model = {
  get: (name) => ({ height: 0, saved_class: "", language: "%LANGUAGE" })[name] ?? "team",
  on: (event, listener) => { if (event === "msg:custom") listeners.add(listener); },
  off: (event, listener) => listeners.delete(listener),
  async send(message) {
    if (message.kind !== "chunk") return void globalThis.asked?.(message);
    const sent = await (await fetch(`/static/${message.name}.chunk.gz`)).arrayBuffer();
    const reply = { kind: "reply", requestId: message.requestId, ok: true, result: sent.byteLength };
    push(reply, [new DataView(sent.slice(message.from, message.from + 65536))]);
  },
};
const { initialize, render } = widget();
initialize({ model });
render({ model, el: document.getElementById("view") });
globalThis.push = push;
</script>"""

# What of the page a message could have changed: everything but the shadow root that it is in.
OUTSIDE: Final = """() => [
  document.documentElement.cloneNode(true).outerHTML,
  getComputedStyle(document.getElementById('canary')).color,
  document.styleSheets.length, document.adoptedStyleSheets.length, location.href, history.length,
]"""

STATE: Final[dict[str, Any]] = {
    "conversationId": "team",
    "epoch": "e",
    "seq": 0,
    "self": {"userId": "ada", "userName": "Ada"},
    "connection": {"state": "live", "attempt": 0, "retryAt": None, "message": None},
    "provider": None,
    "providers": [],
    "failovers": [],
    "notices": [],
    "participants": [],
    "typing": [],
    "messages": [],
    "streams": {},
    "hasMore": False,
}


def answer(number: int, text: str) -> dict[str, Any]:
    """Return a finished answer of a model."""
    metadata = {"seq": number, "status": "complete"}
    return {"id": f"a{number}", "role": "assistant", "content": text, "metadata": metadata}


class ViewPage:
    """One page with one chat; ``foreign`` lists the addresses of other places that it asked for."""

    def __init__(self, page: Page, part: str = "chat", language: str = "en") -> None:
        self.page = page
        self._html = PAGE.replace("%PART", part).replace("%LANGUAGE", language)
        self.foreign: list[str] = []
        self.dialogs: list[str] = []

    @classmethod
    async def open(cls, context: BrowserContext, part: str = "chat", language: str = "en") -> ViewPage:
        """Open the page and wait until the view is there; ``part`` is another widget's browser part."""
        view = cls(await context.new_page(), part, language)
        await view.page.route("**/*", view._serve)
        view.page.on("dialog", lambda dialog: view.dialogs.append(dialog.message))
        await view.page.goto(f"{ORIGIN}/")
        await view.page.wait_for_function("() => globalThis.push !== undefined")
        return view

    async def show(self, *messages: dict[str, Any]) -> None:
        """Show a conversation of these messages."""
        state = {**STATE, "messages": list(messages)}
        await self.page.evaluate("(state) => push({ kind: 'snapshot', n: 1, state })", state)

    async def _serve(self, route: Route) -> None:
        address = urlsplit(route.request.url)
        if f"{address.scheme}://{address.netloc}" != ORIGIN:
            self.foreign.append(route.request.url)
            await route.abort()
        elif address.path == "/":
            await route.fulfill(body=self._html, content_type="text/html")
        elif (file := STATIC / address.path.removeprefix("/static/")).is_file():
            kind = "text/javascript" if file.suffix == ".js" else "application/octet-stream"
            await route.fulfill(body=file.read_bytes(), content_type=kind)
        else:
            await route.fulfill(status=404)
