"""The widgets that stand alone speak the language they are asked for, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import BrowserContext, expect

from tests.e2e.view.test_axe import AXE, PEOPLE, PROVIDERS, RUN
from tests.support.browser.view_page import ViewPage

CONNECTION: Final = {
    "state": "reconnecting",
    "attempt": 2,
    "retryAt": None,
    "message": "The hub is restarting.",
}
LIVE: Final = {"state": "live", "attempt": 0, "retryAt": None, "message": None}
FAILOVER: Final = {
    **{"id": "n", "kind": "failover", "text": "local broke off; openai goes on from there."},
    **{"timestamp": "2026-11-28T10:07:00Z", "priority": 1, "afterSeq": 0},
    **{"conversationId": None, "messageId": None},
    "said": [
        {
            "key": "{away} broke off{why}; {to} goes on from there.",
            "values": {"away": "local", "why": "", "to": "openai"},
        }
    ],
}
STATES: Final[dict[str, dict[str, Any]]] = {
    "connection-health": {
        **{"host": "localhost:8000", "transport": "WebSockets", "latency": 3.14, "latencyP95": 41.6},
        **{"firstPaint": 21.4, "firstPaintP95": 60, "reconnects": 2, "unsent": 0},
    },
    "presence": {"conversationId": "team", "selfId": "ada", "participants": PEOPLE},
    "provider-status": {"isKnown": True, "providers": PROVIDERS, "failovers": [FAILOVER]},
}
WORDS: Final = {
    "connection-health": ["Verbindung zum Hub", "Hin und zurück", "3,1"],
    "presence": ["Teilnehmende", "zurzeit nicht bekannt", "(du)"],
    "provider-status": ["Anbieter des Hubs", "Erstes Token", "0,41 s", "local ist abgebrochen; openai macht"],
}


@pytest.mark.parametrize("part", STATES)
async def test_a_widget_is_in_german_and_axe_finds_nothing(
    context: BrowserContext, screenshots: Path, part: str
) -> None:
    """The texts come as the chat's own chunk; what Python wrote is said in German too."""
    view = await ViewPage.open(context, part, "de")
    await view.page.add_style_tag(content="#view { max-width: 720px; padding: 8px }")
    state = {"connection": CONNECTION, **STATES[part]}
    await view.page.evaluate("(state) => push({ kind: 'snapshot', n: 1, state })", state)
    await expect(view.page.locator(".badge")).to_have_text("Verbindung wird wiederhergestellt…")
    await expect(view.page.locator(".banner")).to_contain_text("Der Hub startet neu.")
    section = view.page.locator("section").first
    shown = f"{await section.get_attribute('aria-label')} {await section.inner_text()}"
    for words in WORDS[part]:
        assert words in shown
    await view.page.screenshot(path=screenshots / f"{part}-de.png")
    await view.page.add_script_tag(path=AXE)
    assert await view.page.evaluate(RUN) == []


async def test_what_somebody_does_is_in_german_once_the_connection_is_back(context: BrowserContext) -> None:
    """While it is lost nobody knows."""
    view = await ViewPage.open(context, "presence", "de")
    for n, connection in enumerate((CONNECTION, LIVE), 1):
        state = {"connection": connection, **STATES["presence"]}
        await view.page.evaluate("([n, state]) => push({ kind: 'snapshot', n, state })", [n, state])
    await expect(view.page.locator("section").first).to_contain_text("untätig")
    await expect(view.page.locator("section").first).not_to_contain_text("zurzeit nicht bekannt")
