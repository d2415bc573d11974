"""What the view promises beside the conversation, in JupyterLab: room, following, reasons, what was typed."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import BrowserContext, Locator, expect

from tests.support.browser.notebook_page import ChatPart, NotebookPage, write_notebook
from tests.support.browser.view_page import STATE, ViewPage
from tests.support.hub.live_hub import LiveHub
from tests.support.hub.reader import read_conversation
from tests.support.jupyter.lab import JupyterLab
from tests.support.waiting import eventually

LONG_QUESTION = "Write a story about a lighthouse keeper and a storm. Use many sentences."

BOXES = """from ipywidgets import HBox
from conduit_widget import Chat
HBox([Chat('left'), Chat('right')])"""
LAID_OUT = """laid_out = Chat('laid-out')
laid_out.layout.height, laid_out.layout.width = '300px', '60%'
laid_out"""

DISTANCE_FROM_END = "(scroller) => scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop"
# Characters in the longest line of a paragraph, by where its letters stand.
LONGEST_LINE = """(paragraph) => {
  const range = document.createRange();
  const text = paragraph.firstChild;
  const lines = new Map();
  for (let at = 0; at < text.length; at += 1) {
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    const top = Math.round(range.getBoundingClientRect().top);
    lines.set(top, (lines.get(top) ?? 0) + 1);
  }
  return Math.max(...lines.values());
}"""
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext"


async def test_chats_in_boxes_and_layouts_have_room_and_lines_a_measure(
    lab: JupyterLab, context: BrowserContext, screenshots: Path
) -> None:
    """Two chats in a row share its width, a layout's size is filled, and a wide cell has no lines of 230."""
    words = "The keeper trimmed the wicks and wrote the weather down. " * 20
    write_notebook(
        lab.root / "room.ipynb",
        BOXES,
        LAID_OUT,
        f"wide = Chat('wide')\nwide.send({words!r}, respond=False)\nwide",
    )
    notebook = await NotebookPage.open(context, lab, "room.ipynb")
    await notebook.page.set_viewport_size({"width": 1900, "height": 1000})
    for index in range(3):
        await notebook.run_cell(index)
    row = notebook.page.locator(".jp-Cell").nth(0)
    pair = row.locator("section.chat")
    await expect(pair).to_have_count(2)
    output = await _size(row.locator(".jp-OutputArea-output"))
    for place in range(2):
        width, _ = await _size(pair.nth(place))
        assert 0.45 * output[0] < width < 0.55 * output[0]
    laid_out = notebook.chat_in_cell(1).root
    assert (await _size(laid_out))[1] == 300
    assert abs((await _size(laid_out))[0] - 0.6 * output[0]) < 20
    wide = notebook.chat_in_cell(2)
    paragraph = wide.root.locator("article.message:not(.outgoing) .bubble .typed")
    await expect(paragraph).to_be_visible()
    assert (await _size(wide.root))[0] > 1400
    assert 55 < await paragraph.evaluate(LONGEST_LINE) < 95
    await notebook.page.screenshot(path=screenshots / "room.png")

    await notebook.page.evaluate(f"() => {KERNEL}.session.kernel.restart()")
    await expect(wide.badge).to_have_text("Kernel restarted")
    await expect(wide.root.locator(".banner")).to_contain_text("run the cell again")
    await notebook.page.evaluate(f"() => {KERNEL}.shutdown()")
    await expect(wide.badge).to_have_text("Kernel stopped")
    await expect(wide.root.locator(".banner button")).to_have_count(0)
    await notebook.page.screenshot(path=screenshots / "kernel-stopped.png")


async def test_reason_and_try_now_while_the_hub_is_away_and_nothing_typed_is_lost_by_a_reload(
    lab: JupyterLab, context: BrowserContext, tmp_path: Path, screenshots: Path
) -> None:
    """A hub that is down: why, and a button; draft and unsent message outlive F5 and go on when it is up."""
    hub = LiveHub(tmp_path / "hub").start()
    token = hub.token("ada")
    hub.stop()
    write_notebook(
        lab.root / "away.ipynb",
        f"from conduit_widget import Chat\nchat = Chat('team', hub_url={hub.url!r}, token={token!r})\nchat",
    )
    notebook = await NotebookPage.open(context, lab, "away.ipynb")
    await notebook.run_cell(0)
    chat = notebook.chat
    try:
        await expect(chat.root.locator(".banner")).to_contain_text(str(hub.port))
        await expect(chat.root.locator("button.now")).to_have_text("Now")
        await expect(chat.root).not_to_contain_text("kernel")
        await chat.say("Said while nobody listened")
        unsent = chat.root.locator("article.outgoing")
        await expect(unsent).to_contain_text("Queued. It is sent when the hub is back.")
        await chat.composer.press_sequentially("  half a thought", delay=5)
        await notebook.page.screenshot(path=screenshots / "hub-away.png")

        await notebook.save()
        await notebook.reload()
        chat = notebook.chat
        await expect(chat.composer).to_have_value("  half a thought")
        await expect(unsent).to_contain_text("Said while nobody listened")
        await expect(unsent).to_contain_text("Queued.")
        await notebook.page.screenshot(path=screenshots / "after-reload.png")
        saved = (lab.root / "away.ipynb").read_text(encoding="utf-8")
        assert "half a thought" not in saved
        assert "while nobody listened" not in saved

        hub.start()
        await chat.root.locator("button.now").click()
        await chat.wait_live()
        await expect(unsent).to_have_count(0)
        await expect(chat.messages.filter(has_text="Said while nobody listened")).to_have_count(1)
        stored = [message.text for message in await read_conversation(hub.data_dir, "team")]
        assert stored.count("Said while nobody listened") == 1
        await expect(chat.composer).to_have_value("  half a thought")
    finally:
        hub.stop()


async def test_view_follows_an_answer_while_the_draft_takes_more_lines(
    lab: JupyterLab, context: BrowserContext
) -> None:
    """A field that grows is no wish to read further up; turning the wheel is."""
    write_notebook(
        lab.root / "follow.ipynb", "from conduit_widget import Chat\nchat = Chat('team', height=300)\nchat"
    )
    notebook = await NotebookPage.open(context, lab, "follow.ipynb")
    await notebook.run_cell(0)
    chat = notebook.chat
    await chat.wait_live()
    await chat.say(LONG_QUESTION)
    scroller, pill = chat.root.locator(".scroller"), chat.root.locator(".pill")
    await eventually(lambda: _overflows(scroller), within=120, what="the answer fills the view")
    for _ in range(3):
        await chat.composer.press_sequentially("one more line", delay=5)
        await chat.composer.press("Shift+Enter")
    await expect(pill).to_have_count(0)
    await _at_the_end(chat)
    await scroller.hover()
    await notebook.page.mouse.wheel(0, -120)
    await expect(pill).to_be_visible()
    assert not await _overlap(pill, scroller), "the pill hides nothing that can be pressed"
    await pill.click()
    await expect(pill).to_have_count(0)
    await _at_the_end(chat)


async def _at_the_end(chat: ChatPart) -> None:
    async def is_there() -> bool:
        return float(await chat.root.locator(".scroller").evaluate(DISTANCE_FROM_END)) < 2

    await eventually(is_there, what="the end is in view")


async def _overflows(scroller: Locator) -> bool:
    return bool(await scroller.evaluate("(s) => s.scrollHeight > s.clientHeight + 40"))


async def _size(part: Locator) -> tuple[float, float]:
    box = await part.bounding_box()
    assert box is not None
    return box["width"], box["height"]


async def _overlap(one: Locator, other: Locator) -> bool:
    a, b = await one.bounding_box(), await other.bounding_box()
    assert a is not None
    assert b is not None
    return a["y"] < b["y"] + b["height"] - 1 and b["y"] < a["y"] + a["height"] - 1


async def test_long_name_stays_within_a_narrow_view(context: BrowserContext, screenshots: Path) -> None:
    """One word of 128 wide letters: over a message, in the typing line, among the participants."""
    name = "W" * 128
    author = {"userId": "bo", "userName": name}
    person = {**author, "initials": "W", "color": "#123456", "state": "active"}
    message = {"id": "q", "role": "user", "content": "Hi.", "author": author, "metadata": {"seq": 1}}
    state = {**STATE, "participants": [person], "typing": ["bo"], "messages": [message]}
    view = await ViewPage.open(context)
    await view.page.set_viewport_size({"width": 360, "height": 640})
    await view.page.evaluate("(state) => push({ kind: 'snapshot', n: 1, state })", state)
    await view.page.get_by_role("button", name="Participants").first.click()
    for place in (".byline .name", ".typing .who", ".people .named"):
        box = await view.page.locator(place).bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 360, place
    await view.page.screenshot(path=screenshots / "long-name.png")
