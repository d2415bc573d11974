"""The view in Firefox, in JupyterLab with the real hub and model: ``pytest -m firefox``.

Outside the ordinary run: a second browser is not everywhere. What differs between browsers is tested here:
how a field grows, who scrolls, and that an answer is drawn at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.browser.firefox import FirefoxPage, firefox
from tests.support.browser.notebook_page import KERNEL_IDLE, SELECT_AND_RUN, write_notebook
from tests.support.jupyter.lab import JupyterLab
from tests.support.waiting import eventually

pytestmark = pytest.mark.firefox

ENTER: Final = "\ue007"
SHIFT: Final = "\ue008"
LONG_QUESTION: Final = "Write a story about a lighthouse keeper and a storm. Use many sentences."

# The chat's shadow root, found as Playwright finds it by itself.
CHAT: Final = "[...document.querySelectorAll('.jp-Cell *')].find((e) => e.shadowRoot?.querySelector('.chat'))"
STATE: Final = f"""() => {{
  const root = {CHAT}?.shadowRoot;
  if (!root) return null;
  const scroller = root.querySelector('.scroller');
  return {{
    badge: root.querySelector('.badge').textContent,
    fromEnd: scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop,
    overflow: scroller.scrollHeight - scroller.clientHeight,
    pill: root.querySelector('.pill') !== null,
    field: root.querySelector('textarea').getBoundingClientRect().height,
    draft: root.querySelector('textarea').value,
    own: root.querySelectorAll('.message.own:not(.outgoing)').length,
    finished: root.querySelectorAll('.answer:not(.open) .body').length,
    text: root.querySelector('.answer .body')?.textContent ?? '',
  }};
}}"""
CELL: Final = """() => {
  const box = document.querySelector('.jp-Notebook .jp-Cell .jp-Editor')?.getBoundingClientRect();
  return box?.width ? [box.left + box.width / 2, box.top + box.height / 2] : null;
}"""
FOCUS: Final = f"() => {{ {CHAT}.shadowRoot.querySelector('textarea').focus(); }}"
CENTRE: Final = f"""() => {{
  {CHAT}.scrollIntoView({{ block: 'nearest' }});
  const box = {CHAT}.shadowRoot.querySelector('.scroller').getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2, box.right - 3, box.bottom - 12, box.top + 12];
}}"""
PILL: Final = f"""() => {{
  const box = {CHAT}.shadowRoot.querySelector('.pill')?.getBoundingClientRect();
  return box?.width ? [box.left + box.width / 2, box.top + box.height / 2] : null;
}}"""


class _Chat:
    """The chat of the notebook, in Firefox."""

    def __init__(self, page: FirefoxPage) -> None:
        self.page = page

    async def state(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.page.evaluate(STATE) or {}
        return found

    async def until(self, what: str, within: float = 60, **wanted: Any) -> None:
        async def as_wanted() -> bool:
            state = await self.state()
            return all(state.get(key) == value for key, value in wanted.items())

        await eventually(as_wanted, within=within, what=what)

    async def at_least(self, key: str, least: float, within: float = 120) -> None:
        async def is_so() -> bool:
            return float((await self.state()).get(key, 0)) >= least

        await eventually(is_so, within=within, what=f"{key} of {least}")

    async def at_the_end(self) -> None:
        async def is_there() -> bool:
            return float((await self.state())["fromEnd"]) < 2

        await eventually(is_there, what="the end is in view")

    async def type(self, text: str) -> None:
        await self.page.evaluate(FOCUS)
        await self.page.press(*text)


async def test_view_follows_in_firefox_until_somebody_scrolls(
    lab: JupyterLab, tmp_path: Path, screenshots: Path
) -> None:
    """Sends and long drafts leave it following; wheel and scrollbar release it, the pill takes it up."""
    write_notebook(
        lab.root / "fox.ipynb", "from conduit_widget import Chat\nchat = Chat('team', height=300)\nchat"
    )
    async with firefox(tmp_path / "firefox") as page:
        await page.goto(lab.url("fox.ipynb", workspace="fox"))
        cell = await eventually(lambda: page.evaluate(CELL), within=120, what="the notebook is open")
        await page.click(*cell)  # the window gets the focus by a click: JupyterLab goes by it
        await eventually(lambda: page.evaluate(KERNEL_IDLE), within=120, what="the kernel is idle")
        await page.evaluate(f"(index, wait) => ({SELECT_AND_RUN})([index, wait])", 0, True)
        chat = _Chat(page)
        await chat.until("live", badge="Live", within=120)

        for count in range(1, 4):
            await chat.type(f"note {count}")
            await page.press(ENTER)
            await chat.until("the message is committed", own=count)
        await chat.type(LONG_QUESTION)
        await page.press(ENTER)
        await chat.until("the question is committed", own=4)
        await chat.at_least("overflow", 100)
        one_line = (await chat.state())["field"]
        for _ in range(3):
            await chat.type("one more line")
            await page.press(ENTER, held=SHIFT)
        assert (await chat.state())["field"] > one_line + 40, "the field has grown"
        await chat.until("nothing released it", pill=False)
        await chat.at_the_end()
        (screenshots / "firefox.png").write_bytes(await page.screenshot())

        x, y, *_ = await page.evaluate(CENTRE)
        await page.wheel(x, y, -100)
        await chat.until("the wheel releases it", pill=True)

        await page.click(*await eventually(lambda: page.evaluate(PILL), what="the pill is drawn"))
        await chat.until("the pill takes it up again", pill=False)
        await chat.at_the_end()
        # The wheel and the click may have moved the notebook too: where things are is measured again.
        _, _, bar, low, high = await page.evaluate(CENTRE)
        await page.drag((bar, low), (bar, high))
        await chat.until("the scrollbar releases it", pill=True)
        await chat.at_least("finished", 1)
        assert (await chat.state())["text"]
