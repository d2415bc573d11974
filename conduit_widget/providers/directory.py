"""The providers of one hub: which there are, how they are, and the one that answers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

import msgspec

from conduit_widget.cancellation import cancel_and_wait
from conduit_widget.errors import ProviderError
from conduit_widget.listeners import add_listener
from conduit_widget.providers import failures, kinds
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.discovery import available, loopback_servers
from conduit_widget.providers.discovery.available import Found, installed_model
from conduit_widget.providers.failover import choice
from conduit_widget.providers.failover.admission import Admission
from conduit_widget.providers.failover.choice import ABILITIES, Considered, Order
from conduit_widget.providers.failover.health import ChangeCallback, ProviderHealth
from conduit_widget.providers.failover.router import Candidate, Router
from conduit_widget.providers.images import Sight, sight_of
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.kinds import ProviderContext
from conduit_widget.providers.limits.limit_tracker import LimitTracker
from conduit_widget.providers.limits.prices import Price
from conduit_widget.providers.local.model import INSTALL_COMMAND
from conduit_widget.providers.outcome import GenerationOutcome
from conduit_widget.providers.provider import Provider
from conduit_widget.providers.provider_config import LOCAL_KIND, ProviderConfig
from conduit_widget.providers.reading.error_bodies import ErrorBody
from conduit_widget.providers.reading.provider_words import ProviderWords
from conduit_widget.providers.retiring import RetirableProvider
from conduit_widget.text.plain_text import plain_name
from conduit_widget.types import ProviderExplanation, ProviderQuestion, ProviderStatus

_logger = logging.getLogger(__name__)

CHECK_INTERVAL: Final = 5.0
PROBE_INTERVAL: Final = 30.0
RETIRE_GRACE: Final = 10.0
NO_LONGER_CONFIGURED: Final = "It is no longer configured."
MODELS_INTERVAL: Final = 45.0
"""Seconds between two looks at the models of a provider that is well: a change is told within a minute."""


async def discover(settings: ProviderSettings) -> ProviderDirectory:
    """Find the providers and return the started directory; the caller closes it."""
    directory = ProviderDirectory(settings)
    await directory.start()
    return directory


class _Entry:
    """One provider with its health; without ``provider`` where its kind could not make one."""

    def __init__(self, found: Found, health: ProviderHealth) -> None:
        self.found = found
        self.health = health
        self.problem = found.problem
        self.provider: RetirableProvider | None = None
        self.fixed_models = False
        self.prefills = False
        self.sight = Sight()
        self.probed_at = 0.0

    @property
    def is_usable(self) -> bool:
        """Whether it can be asked at all."""
        return self.provider is not None and self.problem is None

    def considered(self) -> Considered:
        """Return it as the choice of a provider sees it."""
        config, problem = self.found.config, self.problem
        if problem is None and self.provider is None:
            problem = failures.closed(config.name)
        able = {name: getattr(config.capabilities, name) for name in ABILITIES} | {
            "vision": self.sight.images
        }
        return Considered(
            kind=config.kind,
            model=config.model,
            priority=config.priority,
            status=self.health.status,
            problem=None if problem is None else str(problem),
            lacks=frozenset(name for name, known in able.items() if known is False),
            has=frozenset(name for name, known in able.items() if known),
            is_last_resort=self.found.detected and config.kind == LOCAL_KIND,
        )


class ProviderDirectory:
    """Finds providers, watches them, and hands them out.

    While there is none, it looks again every ``check_interval`` seconds and at every :meth:`select`, so that
    a model installed meanwhile is picked up.
    """

    def __init__(
        self,
        settings: ProviderSettings,
        *,
        signatures: Sequence[loopback_servers.Signature] = loopback_servers.SIGNATURES,
        check_interval: float = CHECK_INTERVAL,
        probe_interval: float = PROBE_INTERVAL,
        retire_grace: float = RETIRE_GRACE,
        models_interval: float = MODELS_INTERVAL,
    ) -> None:
        self._settings = settings
        self._signatures = tuple(signatures)
        self._check_interval = check_interval
        self._probe_interval = probe_interval
        self._models_interval = models_interval
        # No provider may tell the key of another.
        self._words = ProviderWords(_secrets_of(settings))
        self._entries: dict[str, _Entry] = {}
        self._callbacks: list[ChangeCallback] = []
        self._watch: asyncio.Task[None] | None = None
        self.settings_problem: str | None = None
        self._retire_grace = retire_grace
        self._retiring: set[asyncio.Task[None]] = set()
        self._check_now = asyncio.Event()
        self._looked = asyncio.Event()
        # Says what to do while there is nothing.
        self._no_health = ProviderHealth(
            LOCAL_KIND, self._changed, state="down", reason=self._nothing_found()
        )

    async def start(self) -> None:
        """Find the providers and begin watching them (idempotent)."""
        if self._watch is None:
            await self._find()
            self._log_preference()
            self._watch = asyncio.create_task(self._watching(), name="provider-directory")

    async def aclose(self) -> None:
        """Close every provider, the local model's process included (idempotent)."""
        watch, self._watch = self._watch, None
        if watch is not None:
            await cancel_and_wait(watch)
        entries, self._entries = self._entries, {}
        await asyncio.gather(*(cancel_and_wait(task) for task in self._retiring))
        providers = [entry.provider for entry in entries.values() if entry.provider is not None]
        await asyncio.gather(*(provider.aclose() for provider in providers))

    async def reload(self, settings: ProviderSettings) -> None:
        """Use other settings from now on.

        A provider that is configured as before stays as it is. Of the others, answers that are open end with
        what they began with; each provider closes when its last one is done.
        """
        found = await available.find_providers(settings, signatures=self._signatures)
        self._settings = settings
        self._words.add(_secrets_of(settings))
        before, self._entries = self._entries, {}
        for item in found:
            entry = before.get(item.name)
            if entry is not None and entry.found.config == item.config and entry.provider is not None:
                self._entries[item.name] = before.pop(item.name)
            else:
                self._add(item)
                self._changed(self._entries[item.name].health.status)
        for name, entry in before.items():
            self._retire(entry)
            if name not in self._entries:
                status = msgspec.structs.replace(
                    entry.health.status,
                    state="disabled",
                    reason=NO_LONGER_CONFIGURED,
                    models=[],
                    retry_at=None,
                )
                self._changed(status)
        self._log_preference()
        self._check_now.set()

    def tell_problem(self, problem: str | None) -> None:
        """Remember why settings that are written could not be put to use; None: they are in use."""
        self.settings_problem = problem

    def _retire(self, entry: _Entry) -> None:
        if entry.provider is not None:
            retiring = asyncio.create_task(entry.provider.retire(self._retire_grace), name="retire-provider")
            self._retiring.add(retiring)
            retiring.add_done_callback(self._retiring.discard)

    def statuses(self) -> list[ProviderStatus]:
        """Every provider's status, the default first; never empty."""
        if not self._entries:
            return [self._no_health.status]
        return [entry.health.status for entry in self._entries.values()]

    def current(self) -> ProviderStatus:
        """The status of the provider that answers by default."""
        return self.statuses()[0]

    async def looked(self) -> None:
        """Wait until every provider has been looked at once."""
        await self._looked.wait()

    def config_of(self, provider: str) -> ProviderConfig | None:
        """Return the configuration of a provider, or None."""
        entry = self._entries.get(provider)
        return None if entry is None else entry.found.config

    def explain(self, question: ProviderQuestion) -> ProviderExplanation:
        """Return which provider would answer a message now, and why not the others."""
        settings, entries = self._settings, []
        if self._entries:
            preferred = self._entries.get(question.provider or "") or self._entry_with(question.model)
            is_named = question.provider is not None or question.model is not None
            entries = self._in_order(preferred, is_named=is_named)
        explanation = choice.explain(
            [entry.considered() for entry in entries],
            question,
            Order(settings.failover.order, settings.preferred),
        )
        problem = self.settings_problem or self._preference_problem()
        return msgspec.structs.replace(explanation, settings_problem=problem)

    def on_change(self, callback: ChangeCallback) -> Callable[[], None]:
        """Call ``callback`` when a state, reason, retry time or model list changes. Returns its remover."""
        return add_listener(self._callbacks, callback)

    def select(
        self, provider: str | None = None, model: str | None = None, *, failover: bool | None = None
    ) -> Provider:
        """Return the provider for one generation; :meth:`record` how that went.

        With ``failover`` (None: unless a provider is named) and others that could answer, too, it is a router
        over all of them.

        Raises:
            ProviderError: there is none, or none of that name or model; the text says what to do.

        """
        entry = self._entry_for(provider, model)
        models = entry.health.status.models
        if entry.is_usable and entry.fixed_models and models and model not in {None, *models}:
            raise failures.refused(entry.found.name, 404, ErrorBody(), model=model)
        may_fail_over = provider is None if failover is None else failover
        if may_fail_over and len(self._entries) > 1:
            is_named = provider is not None or model is not None
            candidates = self._candidates(entry, is_named=is_named)
            if len(candidates) > 1 or (candidates and not entry.is_usable):
                return Router(candidates, self._settings.failover, is_named=is_named)
        if entry.provider is None or entry.problem is not None:
            raise entry.problem or failures.closed(entry.found.name)
        return entry.provider

    def price(self, provider: str) -> Price | None:
        """Return what a provider's tokens cost; None while nobody has said."""
        entry = self._entries.get(provider)
        return None if entry is None else entry.found.config.price

    def record(self, outcome: GenerationOutcome) -> None:
        """Update the health of the provider that answered from the outcome of a generation."""
        if (entry := self._entries.get(outcome.provider)) is not None:
            entry.health.record(outcome)

    def _candidates(self, preferred: _Entry, *, is_named: bool) -> list[Candidate]:
        """Return who may answer, in the order in which they are asked."""
        return [
            Candidate(
                entry.provider,
                entry.health,
                entry.prefills,
                reads_images=entry.sight.images,
            )
            for entry in self._in_order(preferred, is_named=is_named)
            if entry.provider is not None and entry.is_usable
        ]

    def _in_order(self, preferred: _Entry, *, is_named: bool) -> list[_Entry]:
        """Return all in the order in which they are asked; a named one stays the first."""
        entries = list(self._entries.values())
        if self._settings.failover.order == "latency":
            entries.sort(key=_time_to_first_token)
        if is_named or self._settings.failover.order != "latency":
            entries.sort(key=lambda entry: entry is not preferred)
        return entries

    def _entry_for(self, provider: str | None, model: str | None) -> _Entry:
        if not self._entries:
            self._add_installed_model()
        if not self._entries:
            raise _no_provider(self._nothing_found())
        if provider is not None:
            entry = self._entries.get(provider)
            if entry is None:
                raise _unknown_provider(provider, list(self._entries))
        else:
            entry = self._entry_with(model)
        return entry

    def _entry_with(self, model: str | None) -> _Entry:
        entries = list(self._entries.values())
        if model is None:
            return entries[0]
        return next((entry for entry in entries if model in entry.health.status.models), entries[0])

    async def _find(self) -> None:
        for found in await available.find_providers(self._settings, signatures=self._signatures):
            if found.name not in self._entries:
                self._add(found)

    def _add_installed_model(self) -> None:
        for found in installed_model(self._settings):
            self._add(found)

    def _add(self, found: Found) -> None:
        """Add a provider; its first status is announced like any change."""
        health = ProviderHealth(
            found.name,
            lambda status: self._changed_of(entry, status),
            limits=LimitTracker(found.config.limits),
        )
        self._entries[found.name] = entry = _Entry(found, health)
        context = ProviderContext(
            on_headers=health.record_headers,
            words=self._words,
            models_dir=self._settings.models_dir,
            on_note=lambda note: health.set_note(_note(note)),
            other=partial(self._other, found.config.kind),
        )
        try:
            kind = kinds.load(found.config.kind)
            health.standing_reason = found.label or kind.note
            entry.fixed_models = kind.fixed_models or bool(found.config.models)
            entry.prefills = kinds.prefills(kind, found.config)
            entry.sight = sight_of(found.config, kind.reads_images)
            admission = Admission(found.name, health, found.config.clocks.answer)
            provider = kinds.build(kind, found.config, context)
            entry.provider = RetirableProvider(provider, admission.wait, entry.sight)
            health.context_of = partial(_context_of, entry.provider)
        except ProviderError as error:
            entry.problem = error
        if entry.problem is not None:
            health.record_probe(entry.problem)
        elif found.models:
            entry.probed_at = time.monotonic()
            health.record_probe(found.models)

    def _other(self, kind: str, name: str) -> Provider:
        """Return the provider ``name`` for one of ``kind``: of another kind, lest they ask in a circle."""
        entry = self._entries.get(name)
        if entry is None or entry.found.config.kind == kind:
            failures.no_other(name)
        if entry.provider is None or entry.problem is not None:
            raise entry.problem or failures.closed(name)
        return entry.provider

    async def _watching(self) -> None:
        while True:
            self._check_now.clear()  # before: what changes while it looks is looked at again
            try:
                await self._check()
            except Exception:
                _logger.exception("Checking the providers failed.")
            self._looked.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._check_now.wait(), self._check_interval)

    async def _check(self) -> None:
        """Look again where something is missing or down, and now and then for the models of what works."""
        entries = list(self._entries.values())
        for entry in entries:
            entry.health.look_at_clock()
        await asyncio.gather(*(self._probe(entry) for entry in entries))
        if not self._entries:
            await self._find()

    async def _probe(self, entry: _Entry) -> None:
        is_troubled = entry.health.status.state in {"unknown", "down"}
        interval = self._probe_interval if is_troubled else self._models_interval
        due = entry.probed_at == 0.0 or time.monotonic() - entry.probed_at >= interval
        if entry.provider is None or not (due or (is_troubled and entry.found.detected)):
            return
        if entry.problem is not None and entry.problem.type == "auth_error":
            return  # a key that is missing or unusable is as it is until the hub starts again
        entry.probed_at = time.monotonic()
        offered = list(entry.found.config.models)
        try:
            models = await entry.provider.models()
        except ProviderError as error:
            if entry.found.detected and error.code == failures.UNREACHABLE:
                await self._forget(entry)
            elif offered and error.type == "model_not_found":
                entry.health.record_probe(offered)  # it is there, and has no list
            else:
                entry.health.record_probe(error)
        else:
            entry.problem = None
            entry.health.record_probe(offered or models)

    async def _forget(self, entry: _Entry) -> None:
        """Forget a server that was found by looking and is gone; look again."""
        if self._entries.get(entry.found.name) is not entry:
            return  # other settings hold by now
        del self._entries[entry.found.name]
        if entry.provider is not None:
            await entry.provider.aclose()
        await self._find()
        self._changed(self.current())

    def _preference_problem(self) -> str | None:
        """Say that nobody has the name of the provider to be asked first."""
        preferred = self._settings.preferred
        if preferred is None or preferred == LOCAL_KIND or not self._entries or preferred in self._entries:
            return None
        known = ", ".join(self._entries)
        return f"CONDUIT_PROVIDER: there is no provider {preferred!r}. Choose one of: {known}."

    def _log_preference(self) -> None:
        if (problem := self._preference_problem()) is not None:
            _logger.warning("%s", problem)

    def _nothing_found(self) -> str:
        if self._settings.preferred == LOCAL_KIND:
            return f"The local model is not installed. Run: {INSTALL_COMMAND}"
        return available.NOTHING_FOUND

    def _changed_of(self, entry: _Entry, status: ProviderStatus) -> None:
        """Announce a change, unless other settings have taken the provider away."""
        if self._entries.get(status.provider) is entry:
            self._changed(status)

    def _changed(self, status: ProviderStatus) -> None:
        for callback in list(self._callbacks):
            try:
                callback(status)
            except Exception:
                _logger.exception("A listener for provider changes failed.")


def _secrets_of(settings: ProviderSettings) -> Iterable[Secret]:
    return (secret for config in settings.configured for secret in config.secrets)


def _note(note: object) -> str:
    """Return the line of a provider that people see; a package may say anything."""
    return plain_name(note, kinds.MAX_NOTE_CHARS) if isinstance(note, str) else ""


def _time_to_first_token(entry: _Entry) -> float:
    """Return the usual time to the first token in ms; who has not answered yet comes last."""
    first = entry.health.status.latency.ttft_p50
    return math.inf if first is None else first


def _no_provider(text: str) -> ProviderError:
    return ProviderError(
        text,
        type="model_not_found",
        code=failures.NO_PROVIDER,
        recoverable=False,
        suggestions=(f"Run: {INSTALL_COMMAND}",),
    )


def _context_of(provider: RetirableProvider) -> int | None:
    return provider.context_tokens


def _unknown_provider(name: str, known: list[str]) -> ProviderError:
    return ProviderError(
        f"There is no provider {name!r}. Choose one of: {', '.join(known)}.",
        type="model_not_found",
        code="unknown_provider",
        recoverable=False,
    )
