"""The providers in JupyterLab: in a cell, behind the chat's line, in its picker, at a seam."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, expect

from conduit_widget.contract import StatusEvent
from conduit_widget.providers.provider import Chunk, Failover
from conduit_widget.text.times import iso_time
from conduit_widget.types import ProviderLatency, ProviderStatus, RateLimit
from tests.support.browser.lab_scripts import THEME
from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.chat.server import ChatServer, chat_server
from tests.support.hub.server import token
from tests.support.jupyter.lab import JupyterLab
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

FITS = "element => element.scrollWidth <= element.clientWidth"
SHOW = (
    "from conduit_widget import Chat, ProviderStatus\nshown = {call}(hub_url={url!r}, token={token!r})\nshown"
)
FIRST, SECOND = "The lighthouse stood on a rock, ", "and its keeper wrote the weather down every night."

BROKE = Failover(
    source="local",
    source_model="smollm2-135m-instruct.gguf",
    target="openai",
    target_model="gpt-4o",
    reason="connection_lost",
    error_type="server_error",
    text="local broke off (the connection was lost); openai goes on.",
    mid_stream=True,
    policy="continue",
)


def status(provider: str, **more: Any) -> ProviderStatus:
    """A healthy provider, but for what is said."""
    return ProviderStatus(
        **{"provider": provider, "state": "healthy", "since": iso_time(time.time()), **more}
    )


def local(ttft: float = 412.0) -> ProviderStatus:
    """The local model."""
    latency = ProviderLatency(ttft_p50=ttft, ttft_p95=900.0, tokens_per_second=63.4)
    return status("local", latency=latency, models=["smollm2-135m-instruct.gguf"])


def limited() -> ProviderStatus:
    """A provider whose limit is nearly used up."""
    now = time.time()
    return status(
        "openai",
        state="rate_limited",
        breaker="half_open",
        reason="The rate limit is reached.",
        error_rate=0.12,
        latency=ProviderLatency(ttft_p50=320.0, tokens_per_second=112.0),
        rate_limit={
            "requests": _limit(500, 20, 96.0, now + 95),
            "tokens": _limit(200_000, 31_000, 84.5, now + 40),
        },
        models=["gpt-4o", "gpt-4o-mini", "o4-mini", "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano"],
    )


def down() -> ProviderStatus:
    """A provider that does not answer."""
    return status(
        "anthropic",
        state="down",
        breaker="open",
        reason="The server did not answer within 5 s.",
        retry_at=iso_time(time.time() + 55),
        error_rate=1.0,
        models=["claude-sonnet-4-5"],
    )


def _limit(limit: int, remaining: int, used: float, reset: float) -> RateLimit:
    return RateLimit(limit=limit, remaining=remaining, percentage_used=used, reset_time=iso_time(reset))


class Stage:
    """A chat server in this process whose providers are as the test says."""

    def __init__(self, server: ChatServer, provider: ScriptedProvider, gate: asyncio.Event) -> None:
        self.server = server
        self.provider = provider
        self.gate = gate
        self.told: list[ProviderStatus] = [local()]
        server.directory.statuses = lambda: list(self.told)  # type: ignore[method-assign]

    def tell(self, *statuses: ProviderStatus) -> None:
        """The providers are like this from now on; everybody hears of each."""
        self.told = list(statuses)
        for each in statuses:
            self.server.directory.report(each)

    def notice(self, event: str, **notice: Any) -> None:
        """The hub tells everybody something."""
        told = {"id": f"{event} {time.time()}", "timestamp": iso_time(time.time()), "priority": 1, **notice}
        self.server.chat.chat_hub.clients.all().send(event, told)

    def cell(self, call: str) -> str:
        """The code that shows a widget on this server."""
        return SHOW.format(call=call, url=self.server.url, token=token("ada"))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The server, with one provider that breaks off where another goes on."""
    gate = asyncio.Event()
    provider = ScriptedProvider(
        [
            gate,
            Chunk(FIRST, "smollm2-135m-instruct.gguf", provider="local"),
            0.3,
            Chunk("", "", failover=BROKE),
            Chunk(SECOND, "gpt-4o", provider="openai"),
        ]
    )
    async with chat_server(tmp_path / "history.sqlite3", provider) as server:
        yield Stage(server, provider, gate)


async def open_widget(context: BrowserContext, lab: JupyterLab, stage: Stage, call: str) -> NotebookPage:
    """Open a notebook that shows a widget in its only cell."""
    write_notebook(lab.root / "providers.ipynb", stage.cell(call))
    notebook = await NotebookPage.open(context, lab, "providers.ipynb")
    await notebook.run_cell(0)
    return notebook


async def draw(notebook: NotebookPage, view: Locator, path: Path) -> None:
    """Take a picture of a view in both themes."""
    for theme in ("Light", "Dark"):
        await notebook.page.evaluate(THEME, f"JupyterLab {theme}")
        await expect(view).to_be_visible()
        await notebook.page.wait_for_timeout(300)
        await view.screenshot(path=path.with_name(f"{path.name}-{theme.lower()}.png"))


async def test_provider_status_shows_every_provider_live(
    lab: JupyterLab, context: BrowserContext, screenshots: Path, stage: Stage
) -> None:
    """States, limits that count down, a try that is due, failovers: as they change; narrow, wide and dark."""
    stage.told = []
    notebook = await open_widget(context, lab, stage, "ProviderStatus")
    view = notebook.page.locator("section.board")
    await expect(view).to_contain_text("The hub has named no provider.")
    await view.screenshot(path=screenshots / "providers-empty.png")
    for ttft in (412.0, 500.0, 380.0, 640.0):
        stage.tell(local(ttft), limited(), down())
        first = view.get_by_role("listitem", name="local").locator("dd").first
        await expect(first).to_contain_text(f"{ttft / 1000:.2f} s")
    await expect(view.locator(".providers > li")).to_have_count(3)
    openai = view.get_by_role("listitem", name="openai")
    await expect(openai.locator(".reset").first).to_contain_text("1 min")
    before = await openai.locator(".reset").last.inner_text()
    await expect(openai.locator(".reset").last).not_to_have_text(before)
    await expect(view.get_by_role("listitem", name="anthropic")).to_contain_text("Tried again in")
    await expect(view.get_by_role("listitem", name="local").get_by_role("img")).to_be_visible()
    stage.notice(
        StatusEvent.PROVIDER_FAILOVER,
        **{"from": {"provider": "anthropic", "model": "claude-sonnet-4-5"}},
        to={"provider": "local", "model": "smollm2-135m-instruct.gguf"},
        reason="connect_timeout",
        text="anthropic did not answer (connect timeout); local answers instead.",
    )
    await expect(view.locator(".failovers li")).to_have_count(1)
    await draw(notebook, view, screenshots / "providers")
    for width, name in ((730, "narrow"), (1900, "wide")):
        await notebook.page.set_viewport_size({"width": width, "height": 1000})
        await notebook.page.wait_for_timeout(500)
        assert await view.evaluate(FITS)
        await view.screenshot(path=screenshots / f"providers-{name}.png")


async def test_model_picker_is_kept_and_followed(
    lab: JupyterLab, context: BrowserContext, screenshots: Path, stage: Stage
) -> None:
    """Chosen by keyboard, sent with the question, kept over a reload, and right when the list changes."""
    stage.gate.set()
    stage.tell(local(), limited(), down())
    notebook = await open_widget(context, lab, stage, "Chat")
    chat = notebook.chat
    await chat.wait_live()
    picker = chat.root.get_by_role("button", name="Model", exact=True)
    options = chat.root.locator(".models [role=option]")
    await picker.press("Enter")
    await expect(options.nth(1)).to_contain_text("smollm2-135m-instruct")
    await expect(options.nth(2)).to_contain_text("gpt-4o")
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        await notebook.page.keyboard.press(key)
    await expect(picker).to_have_text("gpt-4o")
    await draw(notebook, chat.root, screenshots / "picker")
    await chat.say("Who are you?")
    await chat.wait_answer()
    assert ("openai", "gpt-4o") in stage.server.directory.selected
    assert stage.provider.requests[-1].model == "gpt-4o"

    await notebook.save()
    await notebook.reload()
    await notebook.wait_ready()
    await chat.wait_live()
    await expect(picker).to_have_text("gpt-4o")
    stage.tell(local(), status("openai", models=["gpt-5"]))
    await expect(picker).to_have_text("⚠ gpt-4o")
    await notebook.page.set_viewport_size({"width": 730, "height": 900})
    await notebook.page.wait_for_timeout(300)
    assert await chat.root.evaluate(FITS)
    await chat.root.screenshot(path=screenshots / "picker-narrow.png")
    await picker.click()
    await options.nth(0).click()
    await chat.say("And now?")
    await chat.wait_answer(2)
    assert stage.provider.requests[-1].model is None


async def test_chat_tells_what_it_waits_for_and_who_went_on(
    lab: JupyterLab, context: BrowserContext, screenshots: Path, stage: Stage
) -> None:
    """The wait in words, the details behind the provider line, notices, and the seam in the answer."""
    stage.tell(local(), limited(), down())
    notebook = await open_widget(context, lab, stage, "Chat")
    chat = notebook.chat
    await chat.wait_live()
    await chat.say("Tell me about the lighthouse.")
    await expect(chat.answers.locator(".waiting")).to_contain_text("Waiting for the first token, 4 s")
    await expect(chat.stop_button).to_be_enabled()
    await chat.root.screenshot(path=screenshots / "waiting.png")
    stage.gate.set()
    answer = await chat.wait_answer()
    await expect(answer.locator(".body")).to_contain_text(SECOND)
    limit = {"provider": "openai", "scope": "requests", "limit": 500, "remaining": 20, "percentageUsed": 96.0}
    stage.notice(StatusEvent.RATE_LIMIT_WARNING, **limit, forecastSeconds=42.0)
    stage.notice(
        StatusEvent.MODEL_AVAILABILITY_CHANGED, provider="openai", added=["gpt-5"], removed=["o4-mini"]
    )
    stage.notice(StatusEvent.SYSTEM_ANNOUNCEMENT, text="The hub restarts at 18:00.")
    await expect(chat.root.locator(".note[data-kind]")).to_have_count(3)
    await chat.root.get_by_role("button", name="local").click()
    details = chat.root.get_by_role("region", name="Providers of the hub")
    await expect(details.locator(".providers > li")).to_have_count(3)
    await draw(notebook, chat.root, screenshots / "details")
    await notebook.page.set_viewport_size({"width": 730, "height": 900})
    await notebook.page.wait_for_timeout(300)
    assert await chat.root.evaluate(FITS)
    await chat.root.screenshot(path=screenshots / "details-narrow.png")
    await notebook.page.set_viewport_size({"width": 1100, "height": 900})
    await chat.root.locator("button.provider").click()
    await expect(details).to_have_count(0)
    await expect(answer.locator(".seam")).to_have_text("continued by openai")
    await expect(answer.locator(".switched")).to_have_text(
        "local broke off (connection lost); openai went on."
    )
    await draw(notebook, chat.root, screenshots / "seam")


async def test_first_paint_reaches_python(lab: JupyterLab, context: BrowserContext, stage: Stage) -> None:
    """The view tells the kernel how long an answer's first text was on its way to the eye."""
    stage.gate.set()
    write_notebook(lab.root / "paint.ipynb", stage.cell("Chat"), "print(shown.metrics.first_paint)")
    notebook = await NotebookPage.open(context, lab, "paint.ipynb")
    await notebook.run_cell(0)
    chat = notebook.chat
    await chat.wait_live()
    await chat.say("Hello")
    await chat.wait_answer()
    printed = notebook.page.locator(".jp-Cell").nth(1).locator(".jp-OutputArea-output pre")

    async def painted() -> bool:
        await notebook.run_cell(1)
        return (await printed.inner_text()).strip() not in ("", "None")

    await eventually(painted)
    assert 0 < float(await printed.inner_text()) < 30_000
