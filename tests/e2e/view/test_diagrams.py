"""Diagrams in a real browser: drawn as images when asked for; nothing in them runs or loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from playwright.async_api import BrowserContext, Locator, expect

from tests.support.browser.view_page import OUTSIDE, ViewPage, answer

VECTORS: Final = Path(__file__).parents[2] / "vectors" / "attacks.json"
ATTACKS: Final = [
    each["text"]
    for each in json.loads(VECTORS.read_text(encoding="utf-8"))["attacks"]
    if each["kind"] == "diagram"
]
FLOW: Final = """```mermaid
flowchart LR
  A[Question] --> B{Known?}
  B -->|yes| C[Answer]
  B -->|no| D[Search] --> C
```"""
BROKEN: Final = "```mermaid\nflowchart TD\n  A[[[ -->\n```"
# The mean lightness, 0 to 255, of the image where something is drawn.
LIGHTNESS: Final = """async (image) => {
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let [sum, count] = [0, 0];
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] > 200) [sum, count] = [sum + data[at] + data[at + 1] + data[at + 2], count + 3];
  return sum / count;
}"""


def draw_button(place: Locator) -> Locator:
    """The button that draws."""
    return place.get_by_role("button", name="Draw diagram", exact=True)


async def test_a_diagram_is_drawn_when_asked_for_in_the_colours_of_the_page(
    context: BrowserContext, screenshots: Path
) -> None:
    """First the code; then the image, anew when the theme changes; and back."""
    view = await ViewPage.open(context)
    await view.page.add_style_tag(content=":root { color-scheme: light dark }")
    await view.show(answer(1, f"Here it is:\n\n{FLOW}"), answer(2, BROKEN))
    good, bad = view.page.locator("article.answer").nth(0), view.page.locator("article.answer").nth(1)
    image = good.get_by_role("img", name="Diagram of the code")
    await expect(good.locator("pre")).to_contain_text("flowchart LR")
    await expect(image).to_have_count(0)
    await draw_button(good).click()
    await expect(image).to_be_visible()
    await expect(good.locator("pre")).to_have_count(0)
    await expect(view.page.locator("iframe")).to_have_count(0)
    light = await image.evaluate(LIGHTNESS)
    await draw_button(bad).click()
    await expect(bad.get_by_role("alert")).to_have_text(
        "This diagram cannot be drawn: Parse error on line 2."
    )
    await expect(bad.locator("pre")).to_contain_text("A[[[ -->")
    await view.page.screenshot(path=screenshots / "diagram-light.png")

    before = await image.get_attribute("src")
    await view.page.emulate_media(color_scheme="dark")
    await expect(image).not_to_have_attribute("src", before or "")
    assert await image.evaluate(LIGHTNESS) < light - 40, "drawn anew for the dark page"
    await view.page.screenshot(path=screenshots / "diagram-dark.png")
    await view.page.set_viewport_size({"width": 360, "height": 700})
    # It scrolls in its box where its letters would be too small; the page does not.
    sizes = "(image) => [image.width, image.parentElement.clientWidth, document.body.scrollWidth]"
    drawn, room, page = await image.evaluate(sizes)
    assert drawn == 480 > room
    assert page == 360
    await view.page.screenshot(path=screenshots / "diagram-narrow.png")
    await good.get_by_role("button", name="Show code", exact=True).click()
    await expect(image).to_have_count(0)
    await expect(good.locator("pre")).to_contain_text("flowchart LR")


async def test_a_hostile_diagram_runs_loads_and_changes_nothing(
    context: BrowserContext, screenshots: Path
) -> None:
    """Each is drawn, or said to be no diagram; the page is as it was, and nobody else was asked."""
    view = await ViewPage.open(context)
    await view.show(answer(1, FLOW))
    await draw_button(view.page.locator("article.answer")).click()
    await expect(view.page.locator(".diagram img")).to_be_visible()
    outside = await view.page.evaluate(OUTSIDE)
    drawn = 0
    for number, text in enumerate(ATTACKS, 2):
        await view.show(answer(number, text))
        article = view.page.locator(f"article.answer[data-message-id=a{number}]")
        await draw_button(article).click()
        await expect(article.locator(".diagram img, .undrawn")).to_be_visible()
        images = article.locator(".diagram img")
        if await images.count():
            drawn += 1
            await images.evaluate("(image) => image.decode()")
            # An image is all that is there: nothing of it can be pressed or reached.
            assert await article.locator(".diagram *").count() == 1
            await images.click()
        assert await view.page.evaluate(OUTSIDE) == outside, text
    await view.page.screenshot(path=screenshots / "diagram-attacks.png")
    assert drawn >= 4, "too few are drawn for this to say much"
    assert await view.page.evaluate("() => globalThis.__hit") is None
    assert view.foreign == []
    assert view.dialogs == []
    assert len(context.pages) == 1
    assert len(view.page.frames) == 1


async def test_a_frame_that_is_taken_over_reaches_nobody(context: BrowserContext) -> None:
    """A script that ran in the drawing frame all the same: no page, no origin, no network."""
    view = await ViewPage.open(context)
    await view.show(answer(1, FLOW))
    # The library is replaced by a hostile one, as if a text had got that far.
    await view.page.evaluate(HOSTILE_LIBRARY)
    article = view.page.locator("article.answer")
    await draw_button(article).click()
    await expect(article.locator(".undrawn")).to_contain_text("tried:")
    found = await article.locator(".undrawn").text_content() or ""
    assert "parent=SecurityError storage=SecurityError origin=null fetch=TypeError image=error" in found
    assert "script=undefined" in found
    assert view.foreign == []
    assert await view.page.evaluate("() => globalThis.__hit") is None


# What the frame is handed over in place of the library. The frame's own script calls `mermaid.render`.
HOSTILE_LIBRARY: Final = """() => {
  const hostile = `globalThis.mermaid = { initialize() {}, async render() {
    const name = (work) => { try { work(); return 'ok'; } catch (error) { return error.name; } };
    const found = ['parent=' + name(() => { parent.document.title; parent.__hit = 1; })];
    found.push('storage=' + name(() => localStorage.length), 'origin=' + origin);
    found.push('fetch=' + await fetch('https://evil.test/f').then(() => 'ok', (error) => error.name));
    found.push('image=' + await new Promise((done) => {
      const image = new Image();
      [image.onload, image.onerror] = [() => done('ok'), () => done('error')];
      image.src = 'https://evil.test/i';
    }));
    open('https://evil.test/w');
    const script = document.createElement('script');
    script.textContent = 'globalThis.ran = 1';
    document.body.append(script);
    found.push('script=' + globalThis.ran);
    throw new Error('tried: ' + found.join(' '));
  } };`;
  const stand_ins = new WeakMap();
  const getterOf = (kind, name) => Object.getOwnPropertyDescriptor(kind.prototype, name).get;
  const windowOf = getterOf(HTMLIFrameElement, 'contentWindow');
  const senderOf = getterOf(MessageEvent, 'source');
  Object.defineProperty(HTMLIFrameElement.prototype, 'contentWindow', { get() {
    const frame = windowOf.call(this);
    if (frame && !stand_ins.has(frame)) stand_ins.set(frame, {
      postMessage: (job, target) => frame.postMessage({ ...job, library: hostile }, target),
    });
    return frame && stand_ins.get(frame);
  } });
  Object.defineProperty(MessageEvent.prototype, 'source', { get() {
    const sender = senderOf.call(this);
    return stand_ins.get(sender) ?? sender;
  } });
}"""
