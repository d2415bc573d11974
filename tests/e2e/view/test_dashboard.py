"""The hub's dashboard in Chromium, against real hub processes with real clients."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, expect

from conduit_widget.client import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH
from tests.support.browser.dashboard_page import DashboardPage
from tests.support.hub.live_hub import LiveHub
from tests.support.waiting import ticks


@contextlib.asynccontextmanager
async def talking(url: str, token: str) -> AsyncIterator[None]:
    """A person who says something ten times a second."""

    async def talk() -> None:
        async for _ in ticks(0.1):
            message = {
                "id": str(uuid.uuid4()),
                "role": "user",
                "content": "hi",
                "metadata": {"respond": False},
            }
            await connection.invoke("SendMessage", "room", message)

    async with HubConnection(url + CHAT_HUB_PATH, access_token=token, retry=None) as connection:
        await connection.invoke("JoinConversation", "room")
        task = asyncio.create_task(talk())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_figures_move_and_the_page_outlives_the_hub(
    tmp_path: Path, browser: Browser, screenshots: Path
) -> None:
    """Live figures and drawn plots; a killed hub is said to be gone, a restarted one goes on by itself."""
    hub = LiveHub(tmp_path).start()
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    try:
        token = hub.token("ada")
        dashboard = await DashboardPage.open(context, hub.url)
        await dashboard.says("Live")
        await dashboard.shows("connections", 0, 0)
        await dashboard.page.get_by_role("radio", name="1 min", exact=True).check()
        async with talking(hub.url, token), HubConnection(hub.url + CHAT_HUB_PATH, access_token=token):
            await dashboard.shows("connections", 2, 2)
            await dashboard.shows("messages", 1, 30)
            await dashboard.shows("method", 0.001)
            await dashboard.shows("hub memory", 10)
            await dashboard.draws("messages", "second")
            await dashboard.card("messages").get_by_role("img").press("ArrowLeft")
            await expect(dashboard.card("connections").locator(".hint")).to_contain_text("at ")
            await expect(dashboard.page.locator("#announcer")).to_contain_text("in ")
            await dashboard.page.keyboard.press("Escape")
            await expect(dashboard.card("connections").locator(".hint")).to_have_text("open now")
            await dashboard.page.screenshot(path=screenshots / "dashboard-light.png", full_page=True)
            await dashboard.page.emulate_media(color_scheme="dark")
            await dashboard.page.set_viewport_size({"width": 420, "height": 860})
            await dashboard.stays_within_width()
            await dashboard.draws("messages", "second")
            await dashboard.page.screenshot(path=screenshots / "dashboard-narrow-dark.png")
            assert dashboard.complaints == [], "the content security policy has nothing to refuse"
            hub.kill()
            await dashboard.says("Hub unreachable")
            await expect(dashboard.notice).to_contain_text("tries again")
            await expect(dashboard.card("connections").locator(".hint")).to_contain_text("last at")
            await dashboard.page.screenshot(path=screenshots / "dashboard-unreachable.png")
        hub.start()
        async with talking(hub.url, token):
            await dashboard.says("Live")
            await expect(dashboard.notice).to_be_hidden()
            await dashboard.shows("connections", 1, 1)
            await expect(dashboard.card("messages").locator(".hint")).to_have_text("a second", timeout=30_000)
            await dashboard.shows("messages", 1, 30)
    finally:
        await context.close()
        hub.stop()


async def test_operators_key_opens_the_figures_and_stays_in_memory(
    tmp_path: Path, context: BrowserContext, screenshots: Path
) -> None:
    """Refused keys say why, a good one shows figures; it is in no address, no storage and not in the page."""
    key_file = tmp_path / "site.key"
    key_file.write_bytes(b"k" * 64)
    key_file.chmod(0o600)
    hub = LiveHub(tmp_path / "data", options=("--host", "0.0.0.0", "--key-file", str(key_file))).start()
    try:
        url = f"http://127.0.0.1:{hub.port}"
        anybody, operator = _key(hub, "ada"), _key(hub, "ops", "--role", "operator")
        dashboard = await DashboardPage.open(context, url)
        await dashboard.says("Key needed")
        await expect(dashboard.page.locator("#figures")).to_be_hidden()
        await expect(dashboard.page.locator("#key")).to_be_focused()
        await dashboard.page.screenshot(path=screenshots / "dashboard-key.png")
        error = dashboard.page.locator("#key-error")
        await dashboard.give_key("no key at all")
        await expect(error).to_contain_text("without spaces")
        await dashboard.give_key("condt_unknown")
        await expect(error).to_contain_text("does not know this key")
        await dashboard.give_key(anybody)
        await expect(error).to_contain_text("does not hold the role operator")
        await dashboard.give_key(operator)
        await dashboard.says("Live")
        await dashboard.shows("hub memory", 10)
        await expect(dashboard.page.locator("#key-form")).to_be_hidden()

        assert dashboard.page.url == url + "/dashboard"
        carriers = [r for r in dashboard.requests if operator in str(await r.all_headers())]
        assert {request.url.partition("?")[0] for request in carriers} == {url + "/figures"}
        assert not [
            r.url for r in dashboard.requests if "condt_" in r.url or not r.url.startswith((url, "data:"))
        ]
        assert "condt_" not in str(await context.storage_state(indexed_db=True))
        kept = await dashboard.page.evaluate(
            """() => JSON.stringify([{...localStorage}, {...sessionStorage}, history.state, window.name,
                [...document.querySelectorAll("input")].map((input) => input.value),
                document.documentElement.outerHTML])"""
        )
        assert operator not in kept
        assert operator not in hub.log
        await dashboard.page.reload()
        await dashboard.says("Key needed")
    finally:
        hub.stop()


def _key(hub: LiveHub, user: str, *options: str) -> str:
    """Make an opaque key with the real command."""
    run = subprocess.run(
        [
            *(sys.executable, "-m", "conduit_widget", "key", "create", user),
            *("--data-dir", str(hub.data_dir), *options),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip()
