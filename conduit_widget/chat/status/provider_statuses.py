"""Sends provider health as events, on change, at most once per interval and provider; and their limits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

from conduit_widget.chat.answers.generation_job import ProviderChoice
from conduit_widget.chat.status.limit_notices import ProviderLimitNotices
from conduit_widget.chat.status.notices import Notices
from conduit_widget.contract import StatusEvent
from conduit_widget.hub.calls.hub import Hub
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.providers.outcome import GenerationOutcome
from conduit_widget.types import ProviderExplanation, ProviderQuestion, ProviderState, ProviderStatus

TROUBLE: Final = ("degraded", "rate_limited", "down")
_logger = logging.getLogger(__name__)


class Providers(ProviderChoice, Protocol):
    """The directory of providers, as the chat needs it."""

    def record(self, outcome: GenerationOutcome) -> None:
        """Update the health of the provider that answered from the outcome of a generation."""

    def statuses(self) -> list[ProviderStatus]:
        """Return the state of every provider."""

    def explain(self, question: ProviderQuestion) -> ProviderExplanation:
        """Return which provider would answer a message now, and why not the others."""

    def on_change(self, callback: Callable[[ProviderStatus], None]) -> Callable[[], None]:
        """Call ``callback`` on every change. Returns a function that unregisters it."""


class ProviderFeed:
    """Sends changes to everybody on the given hubs, the newest state once an ``interval`` has passed.

    A limit that a provider states goes out at once, as ``RateLimitWarning``, when it reaches 80 or 95 %.
    """

    def __init__(
        self, providers: Providers, notices: Notices, hubs: tuple[Hub, ...], *, interval: float
    ) -> None:
        self._providers = providers
        self._notices = notices
        self._models: dict[str, list[str]] = {}  # as people know them
        self._hubs = hubs
        self._interval = interval
        self._limits = ProviderLimitNotices()
        self._due: dict[str, ProviderStatus] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._states: dict[str, ProviderState] = {}  # as logged
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin listening for changes."""
        if self._unsubscribe is None:
            self._models = {status.provider: status.models for status in self._providers.statuses()}
            self._unsubscribe = self._providers.on_change(self._changed)

    def close(self) -> None:
        """Stop listening. Changes that wait for their interval are not sent."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._due.clear()

    def _changed(self, status: ProviderStatus) -> None:
        for notice in self._limits.warnings(status):
            for hub in self._hubs:
                hub.clients.all().send(StatusEvent.RATE_LIMIT_WARNING, notice)
        self._tell_models(status)
        self._due[status.provider] = status
        if status.provider not in self._timers:
            self._send(status.provider)

    def _tell_models(self, status: ProviderStatus) -> None:
        """Tell which models came and went; the first list of a provider is no news."""
        before = self._models.get(status.provider)
        if before:
            self._notices.models_changed(status.provider, before, status.models)
        self._models[status.provider] = status.models
        there = {each.provider for each in self._providers.statuses()} | {status.provider}
        for gone in self._models.keys() - there:
            self._notices.models_changed(gone, self._models.pop(gone), ())

    def _send(self, provider: str) -> None:
        self._timers.pop(provider, None)
        status = self._due.pop(provider, None)
        if status is None:
            return
        loop = asyncio.get_running_loop()
        self._timers[provider] = loop.call_later(self._interval, self._send, provider)
        self._log_state(status)
        for hub in self._hubs:
            hub.clients.all().send(StatusEvent.PROVIDER_STATUS_UPDATE, provider, status)

    def _log_state(self, status: ProviderStatus) -> None:
        """Log that a provider is in trouble, or out of it; the reason is what people are told."""
        before = self._states.get(status.provider)
        self._states[status.provider] = status.state
        if status.state == before:
            return
        if status.state in TROUBLE:
            _logger.warning(
                "Provider %s is %s: %s", status.provider, status.state, status.reason or "no reason"
            )
        elif status.state == "healthy" and before in TROUBLE:
            _logger.warning("Provider %s is healthy again.", status.provider)


def send_statuses(caller: HubConnectionContext, providers: Providers) -> list[ProviderStatus]:
    """Send every provider's status to one connection, and return them."""
    statuses = providers.statuses()
    for status in statuses:
        caller.send(StatusEvent.PROVIDER_STATUS_UPDATE, status.provider, status)
    return statuses
