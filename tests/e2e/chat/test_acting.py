"""What two people do to messages, each in a JupyterLab and a kernel of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playwright.async_api import Browser, BrowserContext, expect

from tests.support.browser.acting import HELD, House, act, button
from tests.support.browser.lab_scripts import THEME
from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.browser.view_page import ViewPage, answer
from tests.support.jupyter.lab import JupyterLab
from tests.support.waiting import eventually

CHAT: Final = "from conduit_widget import Chat\nChat('acts', user='{id}', user_name='{name}')"
NARROW: Final = "from conduit_widget import Chat\nchat = Chat('acts')\nchat.layout.width = '360px'\nchat"


async def people(lab: JupyterLab, *contexts: BrowserContext) -> list[NotebookPage]:
    """Ada and Bo, who look at the same conversation."""
    pages = []
    for context, name in zip(contexts, ("Ada", "Bo"), strict=True):
        write_notebook(lab.root / f"{name}.ipynb", CHAT.format(id=name.lower(), name=name))
        page = await NotebookPage.open(context, lab, f"{name}.ipynb")
        await page.run_cell(0)
        await page.chat.wait_live()
        pages.append(page)
    return pages


async def test_two_people_act_on_messages(
    lab: JupyterLab, house: House, browser: Browser, context: BrowserContext, screenshots: Path
) -> None:
    """Copy, react, reply with a jump, answer again, switch branches, edit, pause, delete, undo."""
    second = await browser.new_context(viewport={"width": 1100, "height": 900})
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    ada, bo = await people(lab, context, second)
    await ada.chat.say("Whats the capital of France?")
    answer = await ada.chat.wait_answer()
    theirs = await bo.chat.wait_answer()
    question = ada.chat.messages.first

    await act(answer, "Copy")
    await expect(answer.get_by_role("status")).to_have_text("Copied")
    assert await ada.page.evaluate("navigator.clipboard.readText()") == "This is answer 1. It ends here."

    await act(answer, "React")
    await button(answer, "React with 👍").click()
    thumb = theirs.locator(".reaction")
    await expect(thumb).to_have_text("👍1")
    await expect(thumb).to_have_accessible_name("Ada reacted with 👍")
    await thumb.click()
    await expect(answer.locator(".reaction")).to_have_text("👍2")
    await expect(answer.locator(".reaction")).to_have_attribute("aria-pressed", "true")
    await ada.page.screenshot(path=screenshots / "acting-reactions.png")

    await act(bo.chat.messages.first, "Reply")
    await bo.chat.say("Which France?")
    await bo.chat.wait_answer(2)
    await ada.chat.wait_answer(2)
    quote = ada.chat.root.locator("article .quote")
    await expect(quote).to_have_text("In reply to Ada: Whats the capital of France?")
    await quote.click()
    await expect(question).to_be_focused()

    await act(ada.chat.answers.nth(1), "Regenerate")
    again = ada.chat.answers.nth(1)
    await expect(again.locator(".branches")).to_contain_text("2/2")
    await expect(again.locator(".body")).to_have_text("This is answer 3. It ends here.")
    await expect(bo.chat.answers.nth(1).locator(".branches")).to_contain_text("2/2")
    await button(again, "Previous branch").click()
    await expect(again.locator(".body")).to_have_text("This is answer 2. It ends here.")
    await expect(again.locator(".branches")).to_contain_text("1/2")
    await expect(bo.chat.answers.nth(1).locator(".body")).to_contain_text("answer 3")
    await ada.page.screenshot(path=screenshots / "acting-branches.png")

    await act(question, "Edit")
    await question.get_by_role("textbox", name="Edit the message").fill("What is the capital of France?")
    await ada.page.screenshot(path=screenshots / "acting-edit.png")
    await ada.page.keyboard.press("Enter")
    await expect(ada.chat.answers.first.locator(".body")).to_have_text("This is answer 4. It ends here.")
    await expect(bo.chat.messages.first).to_contain_text("What is the capital of France?")
    await expect(bo.chat.messages.first.locator(".edited")).to_have_text("edited")
    await expect(bo.chat.messages.first.locator(".branches")).to_contain_text("2/2")
    await button(bo.chat.messages.first, "Previous branch").click()
    await expect(bo.chat.messages.first).to_contain_text("Whats the capital of France?")
    await expect(bo.chat.messages).to_have_count(4)
    await button(bo.chat.messages.first, "Next branch").click()

    await ada.chat.say(f"Now {HELD} it.")
    held = ada.chat.answers.last
    await expect(held.locator(".body")).to_contain_text("This is answer 5.")
    await button(ada.chat.root, "Pause").click()
    await expect(ada.chat.root.locator(".paused")).to_have_text("Paused. Nothing is lost.")
    house.go_on.set()
    await expect(bo.chat.answers.last.locator(".body")).to_have_text("This is answer 5. It ends here.")
    await expect(ada.chat.root.locator(".paused")).to_have_text("Paused: 3 words waiting.")
    await expect(held.locator(".body")).to_have_text("This is answer 5.")
    await ada.page.screenshot(path=screenshots / "acting-paused.png")
    await button(ada.chat.root, "Resume").click()
    await expect(held.locator(".body")).to_have_text("This is answer 5. It ends here.")
    await expect(ada.chat.root.locator(".paused")).to_have_count(0)

    mine = ada.chat.root.locator("article.own").last
    await act(mine, "Delete")
    gone = ada.chat.root.locator("article.gone")
    await expect(gone).to_contain_text("Deleted")
    await button(gone, "Undo").click()
    await expect(gone).to_have_count(0)
    await expect(bo.chat.root.locator("article.gone")).to_have_count(0)
    await act(mine, "Delete")
    await expect(gone).to_have_count(1)
    for name, theme in (("light", "JupyterLab Light"), ("dark", "JupyterLab Dark")):
        await ada.page.evaluate(THEME, theme)
        await ada.chat.answers.first.hover()
        await ada.page.screenshot(path=screenshots / f"acting-{name}.png")
    # Nobody changes their mind any more once the page is left.
    await ada.page.close()
    await expect(bo.chat.root.locator("article.gone")).to_have_text("Deleted by Ada", timeout=90_000)
    await second.close()


async def test_a_narrow_view_has_every_action_in_a_menu_that_is_in_sight(
    lab: JupyterLab, house: House, context: BrowserContext, screenshots: Path
) -> None:
    """At 360 px the menu has everything and is in sight whole; the keyboard gets everywhere."""
    write_notebook(lab.root / "narrow.ipynb", NARROW)
    ada = await NotebookPage.open(context, lab, "narrow.ipynb")
    await ada.run_cell(0)
    await ada.chat.wait_live()
    await ada.chat.say("What is the capital of France?")
    answer = await ada.chat.wait_answer()
    scroller = ada.chat.root.get_by_role("log", name="Conversation")
    await scroller.focus()
    await ada.page.keyboard.press("Enter")
    await expect(answer).to_be_focused()
    await ada.page.keyboard.press("Enter")
    await button(answer, "More").click()
    menu = answer.get_by_role("menu")

    async def in_sight() -> bool:
        inner, outer = await menu.bounding_box(), await scroller.bounding_box()
        assert inner is not None
        assert outer is not None
        return (
            inner["y"] >= outer["y"]
            and inner["y"] + inner["height"] <= outer["y"] + outer["height"]
            and inner["x"] >= outer["x"]
        )

    await eventually(in_sight, what="the whole menu in sight")
    await ada.page.screenshot(path=screenshots / "acting-narrow.png")
    await ada.page.keyboard.press("End")
    await expect(menu.get_by_role("menuitem").last).to_be_focused()
    await ada.page.keyboard.press("Escape")
    await expect(button(answer, "More")).to_be_focused()
    await ada.page.keyboard.press("Escape")
    await expect(answer).to_be_focused()


async def test_the_tools_of_a_long_answer_are_in_sight_where_one_reads(context: BrowserContext) -> None:
    """They lie over the upper edge of the message, and over the view's where that is scrolled away."""
    view = await ViewPage.open(context)
    await view.show(answer(1, "\n\n".join(f"Paragraph {number}." for number in range(60))))
    last = view.page.get_by_text("Paragraph 59.")
    await expect(last).to_be_visible()
    await last.hover()
    tools = view.page.locator(".toolbar")
    await expect(tools).to_be_visible()
    whole, scroller = await tools.bounding_box(), await view.page.locator(".scroller").bounding_box()
    assert whole
    assert scroller
    assert scroller["y"] <= whole["y"]
    assert whole["y"] + whole["height"] <= scroller["y"] + scroller["height"]
    await tools.get_by_role("button", name="More").click()
    await expect(view.page.get_by_role("menuitem", name="Reply")).to_be_in_viewport(ratio=1)
