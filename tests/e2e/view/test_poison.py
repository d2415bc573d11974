"""Messages made to break the view: each of them is shown, and so is everything after it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.jupyter.lab import JupyterLab
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.waiting import ticks

POISON = {
    "quotes": ">" * 1_600 + "x",
    "bullets": "- " * 500 + "x",
    "numbers": "1. " * 700 + "x",
    "both": "> - " * 330 + "x",
    "stars": "*" * 3_000 + "a" + "*" * 3_000,
    "log": "[INFO]: started",
}
AFTER = [f"after {number}" for number in range(1, 6)]
SHOW = "from conduit_widget import Chat\nchat = Chat('team', user={user!r}, user_name={name!r})\nchat"
ASK = f"""for text in {list(POISON.values())!r}:
    answer = chat.ask(text).result(120)
    assert answer.text == text, answer
"""
SAY = f"for text in {AFTER!r}:\n    chat.send(text, respond=False).result(60)"


@pytest.fixture
async def echo() -> AsyncIterator[RawHttpServer]:
    """A model that answers with the words of the question, in many pieces."""
    async with RawHttpServer(_echo) as server:
        yield server


async def _echo(request: RawRequest, reply: RawReply) -> None:
    if not request.path.endswith("/chat/completions"):
        await reply.json({"object": "list", "data": [{"id": "echo", "object": "model"}]})
        return
    question = request.json["messages"][-1]["content"]
    text = question if isinstance(question, str) else "".join(part.get("text", "") for part in question)
    await reply.start_stream()
    step = max(1, len(text) // 20)
    pace = ticks(0.02)
    for start in range(0, len(text), step):
        await anext(pace)
        await reply.delta(text[start : start + step])
    await reply.event({"model": "echo", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    await reply.event("[DONE]")


@pytest.fixture
def provider_environment(echo: RawHttpServer) -> dict[str, str]:
    """The hub asks the echoing model."""
    return {"CONDUIT_PROVIDER_URL": echo.base_url, "CONDUIT_MODEL": "echo", "CONDUIT_DETECT": "0"}


@pytest.fixture
async def second_context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """The browser profile of the other person."""
    profile = await browser.new_context(viewport={"width": 1100, "height": 900})
    try:
        yield profile
    finally:
        await profile.close()


async def test_no_message_takes_others_out_of_the_view(
    lab: JupyterLab, context: BrowserContext, second_context: BrowserContext, screenshots: Path
) -> None:
    """Whatever people and a model write, two people see it and all that follows, after a reload too."""
    ada, bo = people = await asyncio.gather(
        _open(lab, context, "ada", ASK), _open(lab, second_context, "bo", SAY)
    )
    errors: list[str] = []
    for person in people:
        person.page.on("pageerror", lambda error: errors.append(str(error)))
        person.page.on("console", lambda line: errors.append(line.text) if _is_ours(line.text) else None)

    await ada.run_cell(1, wait=False)
    await ada.chat.wait_answer(len(POISON), timeout=120_000)
    await bo.run_cell(1, wait=False)
    await _see_all(people)
    await ada.page.screenshot(path=screenshots / "poison.png")

    await asyncio.gather(*(_save_and_reload(person) for person in people))
    await _see_all(people)
    await bo.page.screenshot(path=screenshots / "poison-reloaded.png")
    assert errors == []


async def _open(lab: JupyterLab, context: BrowserContext, user: str, cell: str) -> NotebookPage:
    write_notebook(lab.root / f"{user}.ipynb", SHOW.format(user=user, name=user.title()), cell)
    notebook = await NotebookPage.open(context, lab, f"{user}.ipynb")
    await notebook.run_cell(0)
    await notebook.chat.wait_live()
    return notebook


async def _save_and_reload(person: NotebookPage) -> None:
    await person.save()
    await person.reload()
    await person.chat.wait_live()


async def _see_all(people: Iterable[NotebookPage]) -> None:
    expected = [text for text in POISON.values() for _ in range(2)] + AFTER
    for person in people:
        words = person.chat.messages.locator(".body, .bubble")
        await expect(words).to_have_text(expected, timeout=60_000)


def _is_ours(line: str) -> bool:
    return "part of the chat could not be drawn" in line
