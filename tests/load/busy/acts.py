"""What somebody does in a chat while a cell runs, and when: as the browser dates its input events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from playwright.async_api import expect

from tests.load.busy.arrivals import Arrivals
from tests.support.browser.acting import HELD
from tests.support.browser.notebook_page import ChatPart

# The wall time of the last click or key. `timeStamp` is when the browser got it, before the page handled it.
WATCH: Final = """() => {
  if (globalThis.__acted) return;
  globalThis.__acted = {};
  const note = (event) => {
    globalThis.__acted.at = (Date.now() - (performance.now() - event.timeStamp)) / 1000;
  };
  for (const kind of ['click', 'keydown']) addEventListener(kind, note, true);
}"""
LAST_ACT: Final = "() => globalThis.__acted.at"
ROUNDING: Final = 0.001
"""`Date.now` is in whole ms, and what Python notes is not."""


class Round:
    """Typing, Send, Stop, an edit and Stop again; ``times`` has the ms from each act to the hub's effect."""

    def __init__(self, chat: ChatPart, arrivals: Arrivals, name: str) -> None:
        self.times: list[tuple[str, float]] = []
        self._chat = chat
        self._page = chat.root.page
        self._arrivals = arrivals
        self._name = name

    async def go(self) -> None:
        """Do all of it."""
        text, put_better = f"{self._name}, {HELD} it", f"{self._name} put better, {HELD} it"
        await self._chat.composer.focus()
        await self._timed("typing", lambda: self._page.keyboard.press(text[0]), self._arrivals.typing)
        await self._page.keyboard.insert_text(text[1:])
        await self._timed("send", self._enter, lambda _: self._arrivals.said(text))
        await self._stop()
        await self._chat.composer.press("ArrowUp")
        edited = self._chat.root.get_by_role("textbox", name="Edit the message")
        await expect(edited).to_be_focused()
        await edited.fill(put_better)
        await self._timed("edit", self._enter, lambda _: self._arrivals.said(put_better))
        await self._stop()

    async def _stop(self) -> None:
        # A word of it is there: the answer is under way, not only asked for.
        answer = self._chat.root.locator("article.answer.open")
        await expect(answer.locator(".body")).to_contain_text("This is answer")
        await self._timed("stop", self._chat.stop_button.click, self._arrivals.stopped)
        await expect(answer).to_have_count(0)

    async def _enter(self) -> None:
        await self._page.keyboard.press("Enter")

    async def _timed(
        self, what: str, do: Callable[[], Awaitable[Any]], effect: Callable[[float], Awaitable[float]]
    ) -> None:
        before: float = await self._page.evaluate("() => Date.now() / 1000")
        await do()
        came = await effect(before)
        acted: float = await self._page.evaluate(LAST_ACT)
        assert before <= acted + ROUNDING, "the page has not seen the click or key"
        self.times.append((what, max(came - acted, 0.0) * 1000))
