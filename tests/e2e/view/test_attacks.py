"""Texts that try to run, load or restyle something, in a real browser: they stay text."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.async_api import BrowserContext, expect

from tests.support.browser.view_page import OUTSIDE, ViewPage, answer

VECTORS = Path(__file__).parents[2] / "vectors" / "attacks.json"
ATTACKS = [each["text"] for each in json.loads(VECTORS.read_text(encoding="utf-8"))["attacks"]]
BOXES = """(articles) => articles.map((article) => {
  return [...article.querySelectorAll('*')].filter((each) => {
    const style = getComputedStyle(each);
    return style.position === 'fixed' || style.position === 'sticky';
  }).length;
})"""


async def test_attacks_run_load_and_change_nothing(context: BrowserContext, screenshots: Path) -> None:
    """Whole and growing, with colours and formulas drawn."""
    view = await ViewPage.open(context)
    await view.show(answer(1, "```python\nimport os\n```\n\n$x$"))
    await expect(view.page.locator(".hljs-keyword")).to_have_text("import")
    await expect(view.page.locator("math")).to_be_visible()
    outside = await view.page.evaluate(OUTSIDE)
    await view.show(*(answer(number, text) for number, text in enumerate(ATTACKS, 1)))
    await expect(view.page.locator("article.answer")).to_have_count(len(ATTACKS))
    # Colours come when the page is idle; whatever would run has run by then.
    await expect(view.page.locator("article.answer .hljs-tag").first).to_be_visible()
    await view.page.evaluate("() => new Promise((done) => requestIdleCallback(done))")
    assert await view.page.evaluate("() => globalThis.__hit") is None
    assert view.foreign == []
    assert view.dialogs == []
    assert await view.page.evaluate(OUTSIDE) == outside
    assert not any(await view.page.locator("article.answer").evaluate_all(BOXES))
    assert len(context.pages) == 1
    await view.page.screenshot(path=screenshots / "attacks.png")


async def test_an_attack_that_works_is_seen(context: BrowserContext) -> None:
    """The checks above can fail: the same page notices a script, a request and a style."""
    view = await ViewPage.open(context)
    outside = await view.page.evaluate(OUTSIDE)
    body = "<style>#canary{color:red}</style><img src=https://evil.test/x onerror=globalThis.__hit=1>"
    await view.page.evaluate("(body) => document.body.insertAdjacentHTML('beforeend', body)", body)
    await view.page.wait_for_function("() => globalThis.__hit === 1")
    assert view.foreign == ["https://evil.test/x"]
    assert await view.page.evaluate(OUTSIDE) != outside
