"""An answer full of formulas: only what is near the view is drawn, and all of that."""

from __future__ import annotations

from typing import Final

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.support.browser.view_page import ViewPage, answer
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e

MANY: Final = 1_500
TEXT: Final = "\n\n".join(
    rf"Step {n}: $k \ge {n}$ and $\alpha_{{{n}}} = \frac{{1}}{{2}}$." for n in range(MANY // 2)
)
UNDRAWN_IN_VIEW: Final = """() => {
  const root = document.getElementById("view").firstElementChild.shadowRoot;
  const view = root.querySelector(".scroller").getBoundingClientRect();
  return [...root.querySelectorAll("code.formula")].filter((each) => {
    const { top, bottom } = each.getBoundingClientRect();
    return bottom > view.top && top < view.bottom;
  }).length;
}"""


async def test_only_what_is_near_the_view_is_drawn(context: BrowserContext) -> None:
    """At the end (where the view opens), in the middle and at the beginning nothing is left as written."""
    view = await ViewPage.open(context)
    page = view.page
    await view.show(answer(1, TEXT))
    formulas = page.locator(".formula")
    await expect(formulas).to_have_count(MANY)
    drawn = page.locator("math")
    for place in (None, 0.5, 0.0):
        if place is not None:
            await page.locator(".scroller").evaluate(
                "(scroller, place) => { scroller.scrollTop = place * scroller.scrollHeight; }", place
            )
        await eventually(lambda: _is_drawn(page), what="all formulas in view are drawn")
        assert await drawn.count() < MANY / 2


async def _is_drawn(page: Page) -> bool:
    return await page.locator("math").count() > 0 and await page.evaluate(UNDRAWN_IN_VIEW) == 0
