"""Accessibility: axe-core finds nothing in the chat's states, in a real browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from playwright.async_api import BrowserContext, expect

from conduit_widget.types import ChatMessage
from conduit_widget.widget.chat.display import saved_bundle
from tests.support.browser.view_page import STATE, ViewPage, answer

AXE: Final = Path(__file__).parents[3] / "js/node_modules/axe-core/axe.min.js"
# What is wrong, as lines to read: the rule, the element, and what axe says of it. The page around the view
# has no regions; initials on an avatar and the count of a reaction stand for people, whom the name says.
RUN: Final = """async () => {
  const { violations } = await axe.run(document.getElementById("view"), {
    rules: { region: { enabled: false }, "label-content-name-mismatch": { enabled: false } },
    resultTypes: ["violations"],
  });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary, html }) =>
      [id, target.flat().join(" "), html.slice(0, 160), failureSummary].join("\\n  ")));
}"""
RIGHT_TO_LEFT: Final = "() => { document.documentElement.dir = 'rtl'; }"
PEOPLE: Final = [
    {
        "userId": user,
        "userName": name,
        "initials": name[0],
        "avatarUrl": None,
        "color": color,
        "state": state,
        "typing": False,
        "lastReadSeq": 0,
    }
    for user, name, color, state in [
        ("ada", "Ada Lovelace", "#2563eb", "active"),
        ("bo", "Bo Ek", "#16a34a", "idle"),
        ("שרה", "שרה כהן", "#9333ea", "away"),
    ]
]
RICH: Final = r"""## A heading

Some *text* with `code`, a [link](https://example.org/a) and $x^2 + y_1$.

```python
def walk(name: str) -> None:  # a comment
    print(f"{name!r}", 0x2A)
```

| Key | Value |
| --- | ----: |
| a   | 1     |

- [x] done
- [ ] to do[^1]

> A quotation.

$$\sum_{i=1}^n i = \frac{n(n+1)}{2}$$

![a picture](https://example.org/picture.png)

[^1]: A note.
"""


def said(number: int, text: str, by: int = 1, **more: Any) -> dict[str, Any]:
    """Return a message of a person."""
    author = {key: PEOPLE[by][key] for key in ("userId", "userName")}
    metadata = {"seq": number, **more.pop("metadata", {})}
    created = "2026-11-28T10:00:00Z"
    return {
        "id": f"q{number}",
        "role": "user",
        "content": text,
        "author": author,
        "metadata": {"timestamp": created, **metadata},
        **more,
    }


def answered(number: int, text: str, error: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    """Return an answer with more to tell."""
    made = answer(number, text)
    made["metadata"].update(metadata)
    return {**made, "error": error}


MESSAGES: Final = [
    said(1, "What is a walk?", metadata={"reactions": {"👍": ["ada", "bo"], "🎉": ["bo"]}}),
    answered(
        2,
        RICH,
        model="SmolLM2-135M-Instruct",
        provider="local",
        timeToFirstToken=410,
        tokensPerSecond=63.2,
        completionTokens=120,
        reasoning="First I think.",
        reactions={"❤️": ["ada"]},
        toolCalls=[
            {
                "id": "1",
                "name": "weather",
                "arguments": '{"city":"Paris"}',
                "result": "18 °C",
                "duration": 320,
            },
            {"id": "2", "name": "run", "arguments": "{", "error": "No such file."},
        ],
    ),
    said(3, "And **mine**?", by=0, metadata={"editedAt": "2026-11-28T10:05:00Z"}),
    answered(4, "Half of", status="cancelled"),
    said(5, "", metadata={"deletedAt": "2026-11-28T10:06:00Z", "deletedBy": "bo"}),
    said(6, "שלום, מה שלומך?", by=2, metadata={"replyTo": "q1"}),
    answered(
        7,
        "",
        {"type": "rate_limit", "message": "The limit is reached.", "recoverable": True, "retryAfter": 40},
        status="error",
    ),
    answered(8, "Another version.", parentId="q6"),
]
PROVIDER: Final = {"provider": "local", "model": "SmolLM2", "state": "degraded", "reason": "Slow now."}
PROVIDERS: Final = [
    {
        "status": {
            **{"provider": name, "state": state, "breaker": "closed", "since": "", "reason": reason},
            **{"retryAt": None, "latency": {"ttftP50": 410, "tokensPerSecond": 38.2}, "errorRate": 0.02},
            **{"rateLimit": {}, "models": [model], "lastCheckedAt": "", "source": "traffic"},
            "contextTokens": 8192,
        },
        "latencies": [410, 380, 900, 420],
    }
    for name, state, model, reason in [
        ("local", "degraded", "SmolLM2-135M-Instruct", "Slow now."),
        ("openai", "healthy", "gpt-4o", ""),
    ]
]
NOTICE: Final = {
    "id": "n1",
    "kind": "provider",
    "text": "local failed: openai answers instead.",
    "timestamp": "2026-11-28T10:07:00Z",
    "afterSeq": 4,
    "messageId": None,
}
LIVE: Final = {
    **STATE,
    "seq": 9,
    "participants": PEOPLE,
    "typing": ["bo"],
    "messages": [*MESSAGES, answered(9, "", status="streaming")],
    "streams": {"a9": {"text": "It is being", "metrics": None}},
    "provider": PROVIDER,
    "providers": PROVIDERS,
    "notices": [NOTICE],
    "readMarks": {"bo": 4, "שרה": 2},
    "hasMore": True,
}


async def _push(view: ViewPage, **change: Any) -> None:
    state = {**LIVE, **change}
    await view.page.evaluate("(state) => push({ kind: 'snapshot', n: 1, state })", state)
    await expect(view.page.get_by_role("button", name="Parameters")).to_be_visible()


async def _live(view: ViewPage) -> None:
    await _push(view)
    await expect(view.page.get_by_role("button", name="Pause")).to_be_visible()
    await expect(view.page.locator("math").first).to_be_attached()
    await expect(view.page.locator("[class^=hljs]").first).to_be_attached()


async def _empty(view: ViewPage) -> None:
    await _push(view, messages=[], streams={}, notices=[], typing=[], hasMore=False)


def _connection(state: str, message: str | None) -> Callable[[ViewPage], Awaitable[None]]:
    async def step(view: ViewPage) -> None:
        await _push(view, connection={"state": state, "attempt": 3, "retryAt": None, "message": message})
        await expect(view.page.locator(".banner")).to_be_visible()

    return step


async def _two_people(view: ViewPage) -> None:
    await _push(view, participants=PEOPLE[:2], typing=["bo"])
    await expect(view.page.locator(".typing")).to_contain_text("Bo Ek")


async def _reopened(view: ViewPage) -> None:
    """Show what a notebook without a kernel has: the saved transcript, and no live view."""
    messages = [ChatMessage.from_wire(each) for each in MESSAGES]
    saved = saved_bundle("team", messages, "saved")["text/html"]
    await view.page.evaluate("(html) => { document.getElementById('view').innerHTML = html }", saved)
    await expect(view.page.get_by_text("What is a walk?")).to_be_visible()


async def _python_paused(view: ViewPage) -> None:
    await _push(view, paused=True)
    await expect(view.page.get_by_role("button", name="Resume")).to_be_visible()


async def _paused(view: ViewPage) -> None:
    await _live(view)
    await view.page.get_by_role("button", name="Pause").click()
    await expect(view.page.get_by_role("button", name="Resume")).to_be_visible()


def _sheet(name: str) -> Callable[[ViewPage], Awaitable[None]]:
    async def step(view: ViewPage) -> None:
        await _live(view)
        if name == "Help":
            await view.page.get_by_role("log").focus()
            await view.page.keyboard.press("?")
        else:
            await view.page.get_by_role("button", name=name).first.click()
        await expect(view.page.get_by_role("dialog", name=name)).to_be_visible()

    return step


async def _menu(view: ViewPage) -> None:
    await _live(view)
    message = view.page.locator("article.message").nth(2)
    await message.hover()
    await message.get_by_role("button", name="More").click()
    await expect(message.get_by_role("menu")).to_be_visible()


async def _models(view: ViewPage) -> None:
    await _live(view)
    await view.page.get_by_role("button", name="Model", exact=True).click()
    await expect(view.page.get_by_role("listbox")).to_be_visible()


async def _emoji(view: ViewPage) -> None:
    await _live(view)
    message = view.page.locator("article.message").nth(2)
    await message.hover()
    await message.get_by_role("button", name="React", exact=True).click()


async def _edit(view: ViewPage) -> None:
    await _live(view)
    await view.page.get_by_role("textbox", name="Message", exact=True).press("ArrowUp")
    await expect(view.page.get_by_role("textbox", name="Edit the message")).to_be_visible()


async def _providers(view: ViewPage) -> None:
    await _live(view)
    await view.page.locator("button.provider").click()
    await expect(view.page.get_by_role("region", name="Providers of the hub")).to_be_visible()


async def _suggestions(view: ViewPage) -> None:
    await _live(view)
    await view.page.get_by_role("textbox", name="Message", exact=True).fill("/")
    await expect(view.page.get_by_role("listbox")).to_be_visible()


STATES: Final[dict[str, Callable[[ViewPage], Awaitable[None]]]] = {
    "live": _live,
    "empty": _empty,
    "reconnecting": _connection("reconnecting", "The hub does not answer."),
    "error": _connection("offline", "The token is not valid any more."),
    "paused": _paused,
    "paused by Python": _python_paused,
    "two people": _two_people,
    "reopened": _reopened,
    "parameters": _sheet("Parameters"),
    "participants": _sheet("Participants"),
    "help": _sheet("Help"),
    "menu": _menu,
    "models": _models,
    "emoji": _emoji,
    "edit": _edit,
    "providers": _providers,
    "suggestions": _suggestions,
}


async def test_nothing_is_found_in_any_state(context: BrowserContext) -> None:
    """Names, roles, contrast and structure, of all that each state shows."""
    found = {}
    for name, step in STATES.items():
        found[name] = await _found(context, step)
    assert found == {name: [] for name in STATES}


async def test_nothing_is_found_however_it_looks(context: BrowserContext) -> None:
    """Dark, high contrast, 360 px and right to left, with a message's menu open."""
    found = {}
    for name, look in LOOKS.items():
        found[name] = await _found(context, _menu, look)
    assert found == {name: [] for name in LOOKS}


NAMES: Final = {
    "log": ["Conversation"],
    "textbox": ["Message"],
    "button": [
        *("Send", "Stop", "Pause", "Attach", "Search", "Participants", "Model", "Parameters", "Details"),
        *("Reply", "React", "Edit", "Delete", "Regenerate", "Copy", "Previous branch", "Next branch"),
    ],
}


async def test_names_are_exactly_those_that_were_promised(context: BrowserContext) -> None:
    """Each by its role, as assistive technology and scripts find it."""
    view = await ViewPage.open(context)
    settings = {"conversationId": "team", "visibility": "open", "assistant": "always", "title": None}
    branches = [{**answered(number, "One."), "parentId": "q1"} for number in (2, 3)]
    mine = said(1, "Mine", by=0)
    open_ = {**answered(5, "", status="streaming"), "parentId": "q4"}
    await _push(
        view,
        messages=[mine, *branches, said(4, "Again", by=0, parentId="a3"), open_],
        streams={"a5": {"text": "It is being", "metrics": None}},
        conversation={**settings, "role": "owner"},
    )
    found: dict[str, set[str]] = {role: set() for role in NAMES}
    for row in (None, "q1", "a3", "q4"):
        if row is not None:
            await view.page.locator(f"[data-message-id={row}]").focus()
            await expect(view.page.get_by_role("toolbar")).to_be_visible()
        for role, names in NAMES.items():
            for name in names:
                if await view.page.get_by_role(role, name=name, exact=True).count():  # type: ignore[arg-type]
                    found[role].add(name)
    await view.page.get_by_role("button", name="Pause", exact=True).click()
    await expect(view.page.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    missing = {role: sorted(set(names) - found[role]) for role, names in NAMES.items()}
    assert missing == {role: [] for role in NAMES}


async def test_a_mistake_would_be_found(context: BrowserContext) -> None:
    """What looks for mistakes sees into the view's shadow."""
    view = await ViewPage.open(context)
    await _live(view)
    await view.page.get_by_role("button", name="Send").evaluate(
        "(button) => ['aria-label', 'title'].forEach((name) => button.removeAttribute(name))"
    )
    assert any("button-name" in line for line in await _check(view))


async def _found(
    context: BrowserContext,
    step: Callable[[ViewPage], Awaitable[None]],
    look: Callable[[ViewPage], Awaitable[None]] | None = None,
) -> list[str]:
    view = await ViewPage.open(context)
    if look:
        await look(view)
    await step(view)
    found = await _check(view)
    await view.page.close()
    return found


async def _check(view: ViewPage) -> list[str]:
    await view.page.add_script_tag(path=AXE)
    found: list[str] = await view.page.evaluate(RUN)
    return found


async def _dark(view: ViewPage) -> None:
    await view.page.emulate_media(color_scheme="dark")
    await view.page.add_style_tag(content=":root { color-scheme: dark; background: #111 }")


async def _contrast(view: ViewPage) -> None:
    await view.page.emulate_media(contrast="more", forced_colors="active")


async def _narrow(view: ViewPage) -> None:
    await view.page.set_viewport_size({"width": 360, "height": 640})


async def _right_to_left(view: ViewPage) -> None:
    await view.page.evaluate(RIGHT_TO_LEFT)


LOOKS: Final[dict[str, Callable[[ViewPage], Awaitable[None]]]] = {
    "dark": _dark,
    "contrast": _contrast,
    "narrow": _narrow,
    "rtl": _right_to_left,
}
