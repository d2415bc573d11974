"""Which provider would answer, and why not the others, in words."""

from __future__ import annotations

from typing import Any

from conduit_widget.providers.failover.choice import Considered, Order, explain
from conduit_widget.types import ProviderQuestion, ProviderStatus

LATER = "2026-01-01T00:00:30Z"


def one(
    name: str, *, priority: int = 0, lacks: tuple[str, ...] = (), has: tuple[str, ...] = (), **status: Any
) -> Considered:
    """A provider that is well unless told otherwise."""
    problem = status.pop("problem", None)
    last = status.pop("is_last_resort", False)
    return Considered(
        kind="openai",
        model=None,
        priority=priority,
        problem=problem,
        lacks=frozenset(lacks),
        has=frozenset(has),
        is_last_resort=last,
        status=ProviderStatus(provider=name, **{"state": "healthy", **status}),
    )


def reasons(
    *considered: Considered, order: Order | None = None, **question: Any
) -> tuple[str | None, dict[str, str]]:
    """Who answers, and the reason of each."""
    explanation = explain(considered, ProviderQuestion(**question), order or Order())
    answering = [item.provider for item in explanation.providers if item.answers]
    assert answering == ([explanation.provider] if explanation.provider else [])
    return explanation.provider, {item.provider: item.reason for item in explanation.providers}


def test_first_that_can_answer_does_and_each_other_says_why_not() -> None:
    """No key, an open breaker, a rate limit, a lower priority, the last resort: each in its own words."""
    answers, why = reasons(
        one("keyless", problem="keyless needs a key. Set K and start the hub again."),
        one("broken", state="down", breaker="open", retry_at=LATER, reason="It refused the connection."),
        one("busy", state="rate_limited", retry_at=LATER),
        one("good", priority=3),
        one("low", priority=1),
        one("next", priority=3),
        one("local", is_last_resort=True),
    )
    assert answers == "good"
    assert why == {
        "keyless": "keyless needs a key. Set K and start the hub again.",
        "broken": f"Its breaker is open until {LATER}: It refused the connection.",
        "busy": f"It is rate limited until {LATER}.",
        "good": "It is the first that can answer.",
        "low": "Its priority 1 is lower than the 3 of good.",
        "next": "It comes after good.",
        "local": "It is asked last.",
    }


def test_message_that_names_somebody_goes_there() -> None:
    """By provider, by model; and what is preferred is said to be."""
    assert reasons(one("a"), one("b"), provider="b") == (
        "b",
        {"a": "The message names b.", "b": "The message names it."},
    )
    assert reasons(one("a", models=["m"]), one("b"), model="m")[1]["b"] == (
        "It does not list the model that a has."
    )
    assert reasons(one("a"), one("b"), order=Order(preferred="a"))[1] == {
        "a": "CONDUIT_PROVIDER names it.",
        "b": "CONDUIT_PROVIDER names a.",
    }
    assert "quicker" in reasons(one("a"), one("b"), order=Order("latency"))[1]["b"]


def test_image_goes_to_who_can_read_it() -> None:
    """A provider that is configured not to read images is asked only where none can."""
    blind, seeing = one("blind", lacks=("vision",)), one("seeing")
    assert reasons(blind, seeing, needs=["vision"]) == (
        "seeing",
        {"blind": "Its models do not read images.", "seeing": "It is the first that can answer."},
    )
    assert reasons(blind, needs=["vision"]) == (
        "blind",
        {"blind": "No other is left. Its models do not read images."},
    )
    assert reasons()[0] is None


def test_image_goes_to_who_is_known_to_read_it_before_who_may() -> None:
    """Unless the question names a model: then its provider stays the first."""
    may, does = one("may"), one("does", has=("vision",))
    assert reasons(may, does, needs=["vision"]) == (
        "does",
        {
            "may": "Nobody has said that its models read images, as those of does do.",
            "does": "It is the first that can answer.",
        },
    )
    assert reasons(may, does)[0] == "may"
    assert reasons(may, does, needs=["vision"], model="m")[0] == "may"


def test_first_is_asked_all_the_same_when_every_breaker_is_open() -> None:
    """Somebody has to find out whether it is well again."""
    down: dict[str, Any] = {"state": "down", "breaker": "open", "reason": "Gone."}
    answers, why = reasons(one("a", **down), one("b", **down))
    assert answers == "a"
    assert why["a"] == "No other is left. Its breaker is open: Gone."
