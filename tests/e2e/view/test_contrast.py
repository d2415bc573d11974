"""Code can be read: the contrast of each of its colours, measured in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.support.browser.view_page import ViewPage, answer

AA = 4.5
CODE = """```python
@decorator
class Walk(Base):
    \"\"\"A docstring.\"\"\"
    limit: int = 0x2A

    def step(self, name, *rest):  # a comment
        if name is None or not rest:
            raise ValueError(f"no {name!r}", True)
        return print(re.match(r"^a+$", name))
```

```diff
- old
+ new
@@ -1 +1 @@
```

```css
a.link:hover { color: #fff; width: calc(1px + 2%) }
```

```html
<a href="x" class='y'>&amp; text</a>
```

```yaml
key: [1, true, "text", &anchor value]
```
"""
# What JupyterLab's own themes set; an empty one is ours for the page's colour scheme.
THEMES = {
    "ours-light": ("light", {}),
    "ours-dark": ("dark", {}),
    "jupyter-light": (
        "light",
        {"layout-color1": "#fff", "layout-color2": "#eee", "ui-font-color1": "rgba(0, 0, 0, 0.87)"},
    ),
    "jupyter-dark": (
        "dark",
        {"layout-color1": "#212121", "layout-color2": "#424242", "ui-font-color1": "#fff"},
    ),
}
# A canvas knows every way to write a colour; what is not opaque lies on what is behind it.
CONTRASTS = """(codes) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const painted = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const colours = [];
    for (let each = element; each; each = each.parentElement ?? each.getRootNode().host)
      colours.unshift(getComputedStyle(each).backgroundColor);
    return ["white", ...colours];
  };
  return codes.flatMap((code) => [code, ...code.querySelectorAll("[class^=hljs]")]).map((each) => {
    const ground = behind(each);
    const [a, b] = [light(painted(ground)), light(painted([...ground, getComputedStyle(each).color]))];
    return [each.className || "plain", (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  });
}"""


@pytest.mark.parametrize("theme", THEMES)
async def test_every_colour_of_code_has_enough_contrast(
    context: BrowserContext, theme: str, screenshots: Path
) -> None:
    """AA for text: 4.5 to 1 on the ground that the code stands on."""
    scheme, tokens = THEMES[theme]
    view = await ViewPage.open(context)
    style = f":root {{ color-scheme: {scheme}; "
    style += "".join(f"--jp-{name}: {value}; " for name, value in tokens.items()) + "}"
    await view.page.add_style_tag(content=style)
    await view.show(answer(1, CODE))
    codes = view.page.locator("article figure code")
    for index in range(await codes.count()):
        await expect(codes.nth(index).locator("[class^=hljs]").first).to_be_visible()
    measured = await codes.evaluate_all(CONTRASTS)
    assert len({kind for kind, _ in measured}) >= 12
    too_little = {kind: round(ratio, 2) for kind, ratio in measured if ratio < AA}
    await view.page.screenshot(path=screenshots / f"contrast-{theme}.png", full_page=True)
    assert too_little == {}
