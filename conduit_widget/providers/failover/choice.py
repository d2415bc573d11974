"""Says which provider would answer a message now, and why not the others."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final, NamedTuple

from conduit_widget.types import ExplainedProvider, ProviderExplanation, ProviderQuestion, ProviderStatus

ABILITIES: Final = {"vision": "read images", "tools": "call tools", "reasoning": "think before they answer"}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Considered:
    """A provider as the choice sees it. ``problem`` keeps it from being asked at all.

    ``has`` are the abilities that it is known to have, ``lacks`` those that it is known not to have.
    ``is_last_resort``: nobody configured it, it is asked when nobody else can be.
    """

    kind: str
    model: str | None
    priority: int
    status: ProviderStatus
    problem: str | None = None
    lacks: frozenset[str] = frozenset()
    has: frozenset[str] = frozenset()
    is_last_resort: bool = False

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.status.provider


class Order(NamedTuple):
    """Why one provider comes before another: the ``order`` of failover, the provider that is preferred."""

    order: str = "priority"
    preferred: str | None = None


def explain(
    considered: Sequence[Considered], question: ProviderQuestion, order: Order
) -> ProviderExplanation:
    """Return who would answer, of providers in the order in which they are asked."""
    obstacles = {one.name: _obstacle(one, question) for one in considered}
    named = [one for one in considered if one.problem is None and question.provider in {None, one.name}]
    able = [one for one in named if one.lacks.isdisjoint(question.needs)]
    if question.model is None:
        able.sort(key=lambda one: not one.has.issuperset(question.needs))
    # Where something keeps every one, the first is asked all the same: somebody has to find out.
    chosen = next((one for one in able if not obstacles[one.name]), next(iter(able or named), None))
    explained = [
        ExplainedProvider(
            provider=one.name,
            kind=one.kind,
            model=one.model or next(iter(one.status.models), None),
            priority=one.priority,
            answers=one is chosen,
            reason=obstacles[one.name]
            if one is not chosen and obstacles[one.name]
            else _rank(one, chosen, question, order),
        )
        for one in considered
    ]
    return ProviderExplanation(provider=None if chosen is None else chosen.name, providers=explained)


def _obstacle(one: Considered, question: ProviderQuestion) -> str:
    """Return what keeps a provider from being asked now; empty where nothing does."""
    if one.problem is not None:
        return one.problem
    if question.provider not in {None, one.name}:
        return f"The message names {question.provider}."
    lacking = [ABILITIES.get(need, need) for need in question.needs if need in one.lacks]
    if lacking:
        return f"Its models do not {' or '.join(lacking)}."
    until = f" until {one.status.retry_at}" if one.status.retry_at else ""
    if one.status.state == "rate_limited" and one.status.retry_at:
        return f"It is rate limited{until}."
    if one.status.breaker == "open":
        return f"Its breaker is open{until}: {one.status.reason or 'it failed too often.'}"
    return ""


def _rank(one: Considered, chosen: Considered | None, question: ProviderQuestion, order: Order) -> str:
    """Return why a provider that could be asked is the one, or comes after the ``chosen`` one."""
    if one is chosen:
        if obstacle := _obstacle(one, question):
            return f"No other is left. {obstacle}"
        if question.provider is not None:
            return "The message names it."
        return (
            "CONDUIT_PROVIDER names it."
            if one.name == order.preferred
            else "It is the first that can answer."
        )
    if chosen is None:
        return ""
    if question.model in chosen.status.models and question.model not in one.status.models:
        return f"It does not list the model that {chosen.name} has."
    if question.model is None and chosen.has.intersection(question.needs) - one.has:
        needed = " and ".join(ABILITIES.get(need, need) for need in question.needs if need not in one.has)
        return f"Nobody has said that its models {needed}, as those of {chosen.name} do."
    if order.order == "latency":
        return f"At present {chosen.name} is quicker, or not measured yet."
    if chosen.name == order.preferred:
        return f"CONDUIT_PROVIDER names {chosen.name}."
    if one.is_last_resort:
        return "It is asked last."
    if one.priority < chosen.priority:
        return f"Its priority {one.priority} is lower than the {chosen.priority} of {chosen.name}."
    return f"It comes after {chosen.name}."
