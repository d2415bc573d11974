"""Where each page of a shared notebook stands in the text is its own, in JupyterLab and in Notebook 7."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.jupyter.test_shared_notebook import people
from tests.support.browser.acting import House
from tests.support.browser.notebook_page import ChatPart, write_notebook
from tests.support.jupyter.collaboration import collaborating
from tests.support.jupyter.lab import JupyterLab, Notebook7

SHOW: Final = "from conduit_widget import Chat\nchat = Chat('team')\nchat"
LINES: Final = 40
FILL: Final = (
    f"for n in range({LINES}):\n"
    "    chat.send(f'Line {n} of a long conversation.', respond=False).result()\n"
    "print('filled')"
)

# A wheel's way takes some frames; once nothing has moved for ten of them it is over.
AT_REST: Final = """async scroller => {
  for (let still = 0, top = NaN; still < 10; still = top === scroller.scrollTop ? still + 1 : 0) {
    top = scroller.scrollTop;
    await new Promise(requestAnimationFrame);
  }
}"""
# Which message stands at the top of the view, and how far below its edge: the same text at the same place.
PLACE: Final = """scroller => {
  const { top } = scroller.getBoundingClientRect();
  const first = [...scroller.querySelectorAll('article')].find(
    each => each.getBoundingClientRect().bottom > top + 1);
  return [first?.textContent.slice(0, 40), Math.round(first?.getBoundingClientRect().top - top)];
}"""
FROM_END: Final = """scroller =>
  Math.round(scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight)"""


@pytest.fixture
def provider_environment(tmp_path: Path) -> dict[str, str]:
    """A server for Ann and Bob."""
    return {"CONDUIT_DETECT": "0", **collaborating(tmp_path / "extensions")}


@pytest.fixture(params=[JupyterLab, Notebook7], ids=["lab", "notebook7"])
def server_kind(request: pytest.FixtureRequest) -> type[JupyterLab]:
    """Each once."""
    kind: type[JupyterLab] = request.param
    return kind


async def place(chat: ChatPart) -> Any:
    """Where a page stands."""
    return await chat.root.locator(".scroller").evaluate(PLACE)


async def wheel(chat: ChatPart, pixels: int) -> None:
    """Scroll in the text, as a person does; nobody else's scrolling counts as a wish to stay."""
    scroller = chat.root.locator(".scroller")
    await scroller.hover()
    await chat.root.page.mouse.wheel(0, pixels)
    await scroller.evaluate(AT_REST)


async def test_reader_stays_where_they_are_when_the_other_scrolls_writes_and_is_answered(
    lab: JupyterLab, house: House, browser: Browser, screenshots: Path
) -> None:
    """Bob reads far above. Ann scrolls, writes and gets an answer; each page keeps its own place."""
    write_notebook(lab.root / "places.ipynb", SHOW, FILL)
    ann, bob = await people(browser, lab, "places.ipynb")
    await ann.run_cell(1)
    last = f"Line {LINES - 1} of"
    for page in (ann, bob):
        await expect(page.chat.messages.filter(has_text=last)).to_be_visible()
        assert await page.chat.root.locator(".scroller").evaluate(FROM_END) <= 1, "the newest is in sight"
    await wheel(bob.chat, -900)
    await expect(bob.chat.messages.filter(has_text=last)).not_to_be_in_viewport()
    his = await place(bob.chat)

    await wheel(ann.chat, -10_000)
    assert await place(bob.chat) == his
    await wheel(ann.chat, 10_000)
    await ann.chat.say("Written by Ann.")
    await ann.chat.wait_answer()
    await expect(bob.chat.root.locator("article.answer:not(.open)")).to_have_count(1)
    # Ann's mark of how far she has read goes down, past what Bob reads.
    await expect(bob.chat.root.locator(".content > :last-child")).to_have_accessible_name(re.compile("Ann"))
    assert await place(bob.chat) == his
    assert await ann.chat.root.locator(".scroller").evaluate(FROM_END) <= 1
    await expect(bob.chat.messages.filter(has_text="Written by Ann.")).not_to_be_in_viewport()
    await bob.page.screenshot(path=screenshots / f"shared-place-{type(lab).__name__.lower()}.png")

    # The other way round: Bob writes, which takes him to the end; Ann reads above and stays there.
    await wheel(ann.chat, -700)
    await expect(ann.chat.messages.filter(has_text=last)).not_to_be_in_viewport()
    hers = await place(ann.chat)
    await bob.chat.say("Written by Bob.")
    for page in (ann, bob):
        await expect(page.chat.root.locator("article.answer:not(.open)")).to_have_count(2)
    assert await place(ann.chat) == hers
    await expect(bob.chat.messages.filter(has_text="Written by Bob.")).to_be_in_viewport()
