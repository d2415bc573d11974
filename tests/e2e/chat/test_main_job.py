"""The main job in JupyterLab: a person types, a real model's tokens appear, a second person sees both."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, expect

from conduit_widget.runtime_file import read_runtime
from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.hub.local_process import kill_hub
from tests.support.hub.reader import read_conversation
from tests.support.jupyter.lab import JupyterLab
from tests.support.waiting import eventually

LONG_QUESTION = "Write a story about a lighthouse keeper and a storm. Use many sentences."
SHORT_QUESTION = "Say hello."
SHOW = "from conduit_widget import Chat\nchat = Chat('team')\nchat"


async def test_tokens_paint_and_survive_a_reload_when_a_person_asks(
    lab: JupyterLab, context: BrowserContext, data_dir: Path, screenshots: Path
) -> None:
    """Tokens arrive in more than five paints; reloaded in the middle, the answer completes as stored."""
    write_notebook(lab.root / "chat.ipynb", SHOW)
    notebook = await NotebookPage.open(context, lab, "chat.ipynb")
    await notebook.run_cell(0)
    chat = notebook.chat
    await chat.wait_live()
    await chat.watch_answer()
    await chat.say(LONG_QUESTION)

    async def paints() -> int:
        return len({length for _, length, done in await chat.answer_samples() if length and not done})

    await eventually(lambda: _more_than(paints, 5), within=120, what="more than five paints")
    await notebook.page.screenshot(path=screenshots / "streaming.png")
    assert await chat.root.locator("article.answer.open").count() == 1, "ended before the reload"

    await notebook.save()
    saved = (lab.root / "chat.ipynb").read_text(encoding="utf-8")
    runtime = read_runtime(data_dir)
    assert runtime is not None
    assert "Chat('team')" in saved, "the output was saved"
    assert runtime.mint_key not in saved
    assert not re.search(r"eyJ[\w-]+\.eyJ", saved), "no token in the notebook"
    await notebook.reload()
    chat = notebook.chat
    await expect(chat.root).to_be_visible(timeout=60_000)
    reopened = await chat.root.locator("article.answer.open .body").text_content(timeout=30_000)
    assert reopened, "the answer in flight is shown after the reload"
    answer = await chat.wait_answer(timeout=120_000)
    await notebook.page.screenshot(path=screenshots / "answered.png")

    stored = await read_conversation(data_dir, "team")
    assert [message.role for message in stored] == ["user", "assistant"]
    assert await answer.get_attribute("data-message-id") == stored[1].id
    shown = await answer.locator(".body").text_content()
    assert _words(shown or "") == _words(stored[1].text)
    assert "tok/s" in (await answer.locator(".metrics").text_content() or "")


async def test_a_second_person_in_another_kernel_sees_presence_typing_and_text(
    lab: JupyterLab, browser: Browser, context: BrowserContext, screenshots: Path
) -> None:
    """Two browsers, two kernels, one conversation: avatars, typing and the same words on both sides."""
    write_notebook(lab.root / "ada.ipynb", SHOW.replace("'team'", "'team', user='ada', user_name='Ada'"))
    write_notebook(lab.root / "bo.ipynb", SHOW.replace("'team'", "'team', user='bo', user_name='Bo'"))
    ada = await NotebookPage.open(context, lab, "ada.ipynb")
    await ada.run_cell(0)
    await ada.chat.wait_live()
    second = await browser.new_context(viewport={"width": 1100, "height": 900})
    bo = await NotebookPage.open(second, lab, "bo.ipynb")
    await bo.run_cell(0)
    await bo.chat.wait_live()

    await expect(ada.chat.presence).to_have_count(2, timeout=60_000)
    await expect(bo.chat.presence).to_have_count(2, timeout=60_000)

    await ada.chat.composer.click()
    await ada.chat.composer.press_sequentially("Say hel", delay=20)
    await expect(bo.chat.typing).to_contain_text("Ada is typing", timeout=30_000)
    await bo.page.screenshot(path=screenshots / "second-person.png")
    await ada.chat.composer.press_sequentially("lo.", delay=20)
    await ada.chat.composer.press("Enter")
    await expect(bo.chat.typing).not_to_contain_text("Ada", timeout=30_000)

    await ada.chat.wait_answer()
    await bo.chat.wait_answer()

    async def alike() -> bool:
        return await ada.chat.texts() == await bo.chat.texts()

    await eventually(alike, what="both people see the same")
    assert len(await bo.chat.texts()) == 2
    await second.close()


async def test_tokens_keep_arriving_while_the_kernel_is_busy(
    lab: JupyterLab, context: BrowserContext, screenshots: Path
) -> None:
    """A cell that blocks stops neither the tokens nor a question typed meanwhile."""
    enough = lab.root / "enough"
    block = f"import pathlib, time\nwhile not pathlib.Path({str(enough)!r}).exists():\n    time.sleep(0.1)"
    write_notebook(lab.root / "busy.ipynb", SHOW, f"chat.send('{LONG_QUESTION}')\n{block}")
    notebook = await NotebookPage.open(context, lab, "busy.ipynb")
    await notebook.run_cell(0)
    chat = notebook.chat
    await chat.wait_live()
    await chat.watch_answer()
    await notebook.run_cell(1, wait=False)

    async def paints() -> int:
        return len({length for _, length, done in await chat.answer_samples() if length and not done})

    await eventually(lambda: _more_than(paints, 5), within=60, what="paints while the kernel is busy")
    assert await notebook.is_running(1)
    await notebook.page.screenshot(path=screenshots / "busy.png")
    await chat.say("no answer needed")
    await expect(
        chat.messages.filter(has_text="no answer needed").and_(chat.root.locator("article:not(.outgoing)"))
    ).to_have_count(1, timeout=30_000)
    assert await notebook.is_running(1), "the message was committed only when the cell had ended"
    enough.touch()


async def test_nothing_is_lost_or_doubled_when_the_hub_is_killed(
    lab: JupyterLab, context: BrowserContext, data_dir: Path, screenshots: Path
) -> None:
    """SIGKILL in mid-answer: the widget says so, comes back by itself, loses and doubles nothing."""
    write_notebook(lab.root / "killed.ipynb", SHOW)
    notebook = await NotebookPage.open(context, lab, "killed.ipynb")
    await notebook.run_cell(0)
    chat = notebook.chat
    await chat.wait_live()
    await chat.say(SHORT_QUESTION)
    await chat.wait_answer()
    await chat.say(LONG_QUESTION)
    await expect(chat.root.locator("article.answer.open .body")).to_be_visible(timeout=60_000)
    runtime = read_runtime(data_dir)
    assert runtime is not None
    kill_hub(runtime.pid)
    await expect(chat.badge).not_to_have_text("Live", timeout=30_000)
    await notebook.page.screenshot(path=screenshots / "reconnecting.png")
    await chat.wait_live()
    await chat.wait_answer(2)
    await chat.say("Say goodbye.")
    await chat.wait_answer(3)
    stored = await read_conversation(data_dir, "team")
    shown = await chat.texts()
    assert [identifier for identifier, _ in shown] == [message.id for message in stored]
    assert [message.role for message in stored] == ["user", "assistant"] * 3
    assert stored[3].metadata["status"] == "interrupted"
    await notebook.page.screenshot(path=screenshots / "reconnected.png")


async def _more_than(count: object, least: int) -> bool:
    assert callable(count)
    return int(await count()) > least


def _words(text: str) -> list[str]:
    """The words alone: Markdown marks and white space differ between source and page."""
    return "".join(c if c.isalnum() else " " for c in text).split()
