"""A chat in a narrow place: what it cannot show whole is cut in sight, and nothing covers anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser

from tests.support.browser.view_page import STATE, ViewPage, answer

TITLE: Final = "What we found out about the trees of the park"
PEOPLE: Final = [
    {
        **{"userId": name.lower(), "userName": name, "initials": name[0], "avatarUrl": None},
        **{"color": "#336699", "state": "active", "typing": False, "lastReadSeq": 0},
    }
    for name in ("Ada", "Bo")
]
WRITTEN: Final = "2025-11-29T22:05:00Z"
CUT: Final = """() => {
  const title = document.querySelector('.conduit-view > div').shadowRoot.querySelector('header .title');
  return [title.clientWidth, title.scrollWidth];
}"""
# Whether the toolbar lies over the time of the message that it belongs to.
COVERS: Final = """(article) => {
  const bar = article.querySelector('.toolbar').getBoundingClientRect();
  const time = article.querySelector('time').getBoundingClientRect();
  return bar.left < time.right && time.left < bar.right && bar.top < time.bottom && time.top < bar.bottom;
}"""

# The buttons that stand in another row than Send, or out of the field.
ROWS: Final = """(chat) => {
  const field = chat.querySelector('.field').getBoundingClientRect();
  const send = chat.querySelector('.send').getBoundingClientRect();
  return [...chat.querySelectorAll('.tools button')].filter((each) => {
    const { top, bottom, left, right } = each.getBoundingClientRect();
    return Math.abs(top + bottom - send.top - send.bottom) > 6 || left < field.left || right > field.right;
  }).map((each) => each.ariaLabel ?? each.textContent);
}"""


def said(number: int, text: str, name: str) -> dict[str, Any]:
    """Return a message of a person, with its time."""
    author = {"userId": name.lower(), "userName": name}
    metadata = {"seq": number, "timestamp": WRITTEN}
    return {"id": f"q{number}", "role": "user", "content": text, "author": author, "metadata": metadata}


@pytest.mark.parametrize("width", [230, 300, 420, 700])
async def test_title_is_cut_in_sight_and_no_toolbar_covers_a_time(
    browser: Browser, screenshots: Path, width: int
) -> None:
    """In a small panel and in a cell; of others' messages and of one's own."""
    context = await browser.new_context(viewport={"width": width, "height": 700})
    view = await ViewPage.open(context)
    await view.page.clock.set_fixed_time("2025-12-01T10:00:00Z")  # times have a day and no year
    reply = answer(2, "There are many, and each has a number that somebody has nailed to it.")
    reply["metadata"] |= {"timestamp": WRITTEN, "model": "SmolLM2-135M-Instruct"}
    settings = {"conversationId": "team", "title": TITLE, "visibility": "open", "role": "owner"}
    state = {
        **STATE,
        "participants": PEOPLE,
        "call": None,
        "conversation": {**settings, "assistant": "always"},
        "messages": [said(1, "Look at this, please", "Bo"), reply, said(3, "Mine", "Ada")],
    }
    await view.page.evaluate("(state) => push({ kind: 'snapshot', n: 1, state })", state)
    await view.page.locator(".switcher").wait_for()
    shown, whole = await view.page.evaluate(CUT)
    assert shown == whole or shown > 40, "a letter or two and the dots"
    for article in await view.page.locator("article").all():
        await article.hover()
        await article.locator(".toolbar").wait_for()
        assert not await article.evaluate(COVERS), await article.inner_text()
    await view.page.screenshot(path=screenshots / f"narrow-{width}.png")
    await context.close()


@pytest.mark.parametrize("width", [300, 361, 700])
async def test_send_stands_in_the_row_of_the_tools_while_an_answer_is_written(
    browser: Browser, width: int
) -> None:
    """Also with a draft, whose length is shown there."""
    context = await browser.new_context(viewport={"width": width, "height": 700})
    view = await ViewPage.open(context)
    status: dict[str, Any] = {
        **{"provider": "house", "state": "healthy", "breaker": "closed", "since": "", "reason": ""},
        **{"retryAt": None, "latency": {}, "errorRate": 0, "rateLimit": {}, "lastCheckedAt": ""},
        **{"source": "traffic", "contextTokens": None, "models": ["Qwen2.5-Coder-32B-Instruct", "small"]},
    }
    provided = {"providers": [{"status": status, "latencies": []}]}
    written = answer(2, "It goes on")
    written["metadata"]["status"] = "streaming"
    state = {**STATE, **provided, "messages": [said(1, "Go on", "Ada"), written]}
    await view.page.evaluate("(state) => push({ kind: 'snapshot', n: 1, state })", state)
    chat = view.page.locator("section.chat")
    await chat.get_by_role("button", name="Pause").wait_for()
    await chat.get_by_role("button", name="Stop").wait_for()
    await chat.get_by_role("button", name="Model").wait_for()
    assert await chat.evaluate(ROWS) == []
    await chat.locator("textarea").fill("And then, what comes?")
    await chat.locator(".gauge").wait_for()
    assert await chat.evaluate(ROWS) == []
    await context.close()


async def test_attached_files_are_no_wider_than_their_message(browser: Browser) -> None:
    """A panel shows the beginning of a file's name."""
    context = await browser.new_context(viewport={"width": 300, "height": 700})
    view = await ViewPage.open(context)
    message = said(1, "These.", "Ada")
    file = {"id": "f" * 32, "name": "sales.csv", "mediaType": "text/csv", "size": 12, "sha256": "0" * 64}
    message["attachments"] = [file]
    await view.show(message)
    box = await view.page.locator(".file").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 300
    await context.close()
