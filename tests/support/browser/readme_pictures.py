"""The pictures of the README: the chat with a conversation that shows what it can, light and dark.

``python -m tests.support.browser.readme_pictures`` draws them anew, after ``npm run build``.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

from playwright.async_api import async_playwright, expect

from tests.support.browser.chromium import FLAGS, ensure_chromium
from tests.support.browser.view_page import STATE, ViewPage

IMAGES: Final = Path(__file__).parents[3] / "notebooks/images"
WIDTH: Final = 760
HEIGHT: Final = 780
GROUNDS: Final = {"light": "#fff", "dark": "#0d1117"}
ANSWER: Final = r"""The standard deviation is the root of the mean squared distance from the mean:

$$\sigma = \sqrt{\frac{1}{n} \sum_{i=1}^{n} (x_i - \bar{x})^2}$$

```python
import numpy as np

def spread(values: list[float]) -> float:
    x = np.asarray(values)  # population, not sample
    return float(np.sqrt(((x - x.mean()) ** 2).mean()))
```

`np.std(values)` does the same."""
PEOPLE: Final = [
    {
        **{"userId": name.split()[0].lower(), "userName": name, "initials": initials, "color": color},
        **{"avatarUrl": None, "state": "active", "typing": False, "lastReadSeq": 0},
    }
    for name, initials, color in [("Ada Lovelace", "AL", "#2f6fb3"), ("Bo Ek", "BE", "#2e8b57")]
]


def _said(number: int, who: int, content: str, **metadata: Any) -> dict[str, Any]:
    author = {name: PEOPLE[who][name] for name in ("userId", "userName")}
    return {"id": f"m{number}", "role": "user", "content": content, "author": author} | _told(
        number, metadata
    )


def _answered(number: int, content: str, parent: str, **metadata: Any) -> dict[str, Any]:
    made = {"id": f"m{number}", "role": "assistant", "content": content, "parentId": parent}
    return made | _told(number, {"status": "complete", "provider": "openai", "model": "gpt-4o", **metadata})


def _told(number: int, metadata: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"seq": number, **metadata}}


CONVERSATION: Final = {
    **STATE,
    "conversation": {
        **{"conversationId": "team", "visibility": "open", "assistant": "always", "role": "owner"},
        **{"title": None, "systemPrompt": None, "pinned": False},
    },
    "seq": 5,
    "participants": PEOPLE,
    "typing": ["bo"],
    "provider": {"provider": "openai", "model": "gpt-4o", "state": "healthy", "reason": ""},
    "messages": [
        _said(1, 1, "What is a standard deviation, and how do I compute one?"),
        _answered(2, "A measure of spread.", "m1"),
        _answered(3, ANSWER, "m1", reactions={"❤️": ["ada", "bo"], "✔️": ["bo"]}),
        {**_said(4, 0, "Clear. What changes for a sample?"), "parentId": "m3"},
        _answered(5, "", "m4", status="streaming"),
    ],
    "streams": {
        "m5": {
            "text": "Divide by $(n-1)$ in place of $n$: the sample mean is fitted to the same",
            "metrics": {"timeToFirstToken": 310, "tokensPerSecond": 63.0, "completionTokens": 19},
        }
    },
    "readMarks": {"bo": 4},
}


async def draw() -> None:
    """Draw both pictures."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=ensure_chromium(), args=FLAGS)
        for scheme, ground in GROUNDS.items():
            context = await browser.new_context(
                viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1.5, reduced_motion="reduce"
            )
            view = await ViewPage.open(context)
            style = f":root {{ color-scheme: {scheme}; background: {ground} }} #canary {{ display: none }}"
            await view.page.add_style_tag(
                content=f"{style} #view {{ height: {HEIGHT}px; padding: 12px; box-sizing: border-box }}"
            )
            await view.page.evaluate("(state) => push({ kind: 'snapshot', n: 1, state })", CONVERSATION)
            await expect(view.page.locator("math").nth(1)).to_be_attached()
            await expect(view.page.locator("[class^=hljs]").first).to_be_attached()
            await expect(view.page.locator(".branches").first).to_be_attached()
            await expect(view.page.locator(".provider")).to_be_visible()
            name = "quickstart.png" if scheme == "light" else f"quickstart-{scheme}.png"
            await view.page.screenshot(path=IMAGES / name)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(draw())
