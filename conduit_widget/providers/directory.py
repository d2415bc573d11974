"""The providers of one hub: which there are, how they are, and the one that answers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

from conduit_widget.cancellation import cancel_and_wait
from conduit_widget.errors import ProviderError
from conduit_widget.listeners import add_listener
from conduit_widget.providers import detection, discovery, failures
from conduit_widget.providers.config import LOCAL_PROVIDER, ProviderSettings
from conduit_widget.providers.discovery import Found
from conduit_widget.providers.error_bodies import ErrorBody
from conduit_widget.providers.health import ChangeCallback, ProviderHealth
from conduit_widget.providers.local.model import INSTALL_COMMAND, MODEL_NAME, is_installed, model_path
from conduit_widget.providers.local.server import LocalServer
from conduit_widget.providers.openai.adapter import OpenAICompatible
from conduit_widget.providers.outcome import GenerationOutcome
from conduit_widget.providers.provider import Provider
from conduit_widget.providers.provider_words import ProviderWords
from conduit_widget.types import ProviderStatus

_logger = logging.getLogger(__name__)

CHECK_INTERVAL: Final = 5.0
PROBE_INTERVAL: Final = 30.0


async def discover(settings: ProviderSettings) -> ProviderDirectory:
    """Find the providers and return the started directory; the caller closes it."""
    directory = ProviderDirectory(settings)
    await directory.start()
    return directory


class _Entry:
    """One provider with its health."""

    def __init__(self, found: Found, provider: Provider, health: ProviderHealth) -> None:
        self.found = found
        self.provider = provider
        self.health = health
        self.probed_at = 0.0


class ProviderDirectory:
    """Finds providers, watches them, and hands them out.

    While there is none, it looks again every ``check_interval`` seconds and at every :meth:`select`, so that
    a model installed meanwhile is picked up.
    """

    def __init__(
        self,
        settings: ProviderSettings,
        *,
        signatures: Sequence[detection.Signature] = detection.SIGNATURES,
        check_interval: float = CHECK_INTERVAL,
        probe_interval: float = PROBE_INTERVAL,
    ) -> None:
        self._settings = settings
        self._signatures = tuple(signatures)
        self._check_interval = check_interval
        self._probe_interval = probe_interval
        # No provider may tell the key of another.
        self._words = ProviderWords(config.api_key for config in settings.configured if config.api_key)
        self._entries: dict[str, _Entry] = {}
        self._callbacks: list[ChangeCallback] = []
        self._watch: asyncio.Task[None] | None = None
        # Says what to do while there is nothing; becomes the local provider's own once it is installed.
        self._local_health = ProviderHealth(
            LOCAL_PROVIDER, self._changed, state="down", reason=self._nothing_found()
        )

    async def start(self) -> None:
        """Find the providers and begin watching them (idempotent)."""
        if self._watch is None:
            await self._find()
            self._watch = asyncio.create_task(self._watching(), name="provider-directory")

    async def aclose(self) -> None:
        """Close every provider, the local model's process included (idempotent)."""
        watch, self._watch = self._watch, None
        if watch is not None:
            await cancel_and_wait(watch)
        entries, self._entries = self._entries, {}
        await asyncio.gather(*(entry.provider.aclose() for entry in entries.values()))

    def statuses(self) -> list[ProviderStatus]:
        """Every provider's status, the default first; never empty."""
        if not self._entries:
            return [self._local_health.status]
        return [entry.health.status for entry in self._entries.values()]

    def current(self) -> ProviderStatus:
        """The status of the provider that answers by default."""
        return self.statuses()[0]

    def on_change(self, callback: ChangeCallback) -> Callable[[], None]:
        """Call back when a status changes (state, reason, retry time or models); returns the unsubscriber."""
        return add_listener(self._callbacks, callback)

    def select(self, provider: str | None = None, model: str | None = None) -> Provider:
        """Return the provider for one generation; :meth:`record` how that went.

        Raises:
            ProviderError: there is none, or none of that name or model; the text says what to do.

        """
        entry = self._entry_for(provider, model)
        if problem := _key_problem(entry.found):
            raise problem
        return entry.provider

    def record(self, outcome: GenerationOutcome) -> None:
        """Let the health of the provider that answered follow from how it went."""
        if (entry := self._entries.get(outcome.provider)) is not None:
            entry.health.record(outcome)

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
        if entry.found.config is None and model not in {None, MODEL_NAME}:
            raise failures.refused(entry.found.name, 404, ErrorBody(), model=model)
        return entry

    def _entry_with(self, model: str | None) -> _Entry:
        entries = list(self._entries.values())
        if model is None:
            return entries[0]
        return next((entry for entry in entries if model in entry.health.status.models), entries[0])

    async def _find(self) -> None:
        for found in await discovery.find_providers(self._settings, signatures=self._signatures):
            if found.name not in self._entries:
                self._add(found)

    def _add_installed_model(self) -> None:
        if is_installed(self._settings.models_dir):
            self._add(Found(name=LOCAL_PROVIDER, models=(MODEL_NAME,)))

    def _add(self, found: Found) -> None:
        """Take a provider in; its first status is announced like any change."""
        config = found.config
        if config is None:
            provider: Provider = LocalServer(model_path(self._settings.models_dir))
            self._entries[found.name] = entry = _Entry(found, provider, self._local_health)
            self._check_local(entry)
            return
        health = ProviderHealth(found.name, self._changed)
        provider = OpenAICompatible(
            config.name,
            config.base_url,
            api_key=config.api_key,
            model=config.model,
            context_tokens=config.context_tokens,
            timeouts=config.clocks,
            key_variable=config.key_variable,
            on_headers=health.record_headers,
            words=self._words,
        )
        self._entries[found.name] = entry = _Entry(found, provider, health)
        if problem := _key_problem(found):
            health.record_probe(problem)
        elif found.models:
            entry.probed_at = time.monotonic()
            health.record_probe(found.models)

    def _check_local(self, entry: _Entry) -> None:
        if discovery.engine_installed():
            entry.health.standing_reason = discovery.LOCAL_LABEL
            entry.health.record_probe([MODEL_NAME])
        else:
            entry.health.record_probe(
                ProviderError(discovery.ENGINE_MISSING, code="engine_missing", recoverable=False)
            )

    async def _watching(self) -> None:
        while True:
            try:
                await self._check()
            except Exception:
                _logger.exception("Checking the providers failed.")
            await asyncio.sleep(self._check_interval)

    async def _check(self) -> None:
        """Look again where something is missing or down; leave alone what works."""
        for entry in list(self._entries.values()):
            await self._probe(entry)
        if not self._entries:
            await self._find()

    async def _probe(self, entry: _Entry) -> None:
        state = entry.health.status.state
        config = entry.found.config
        if config is None:
            if state == "down":
                self._check_local(entry)
            return
        due = entry.probed_at == 0.0 or time.monotonic() - entry.probed_at >= self._probe_interval
        if _key_problem(entry.found) or state not in {"unknown", "down"} or not (due or entry.found.detected):
            return
        entry.probed_at = time.monotonic()
        try:
            entry.health.record_probe(await entry.provider.models())
        except ProviderError as error:
            if entry.found.detected and error.code == failures.UNREACHABLE:
                await self._forget(entry)
            else:
                entry.health.record_probe(error)

    async def _forget(self, entry: _Entry) -> None:
        """A server found by looking is gone: look again."""
        self._entries.pop(entry.found.name, None)
        await entry.provider.aclose()
        await self._find()
        self._changed(self.current())

    def _nothing_found(self) -> str:
        if self._settings.preferred == LOCAL_PROVIDER:
            return f"The local model is not installed. Run: {INSTALL_COMMAND}"
        return discovery.NOTHING_FOUND

    def _changed(self, status: ProviderStatus) -> None:
        for callback in list(self._callbacks):
            try:
                callback(status)
            except Exception:
                _logger.exception("A listener for provider changes failed.")


def _no_provider(text: str) -> ProviderError:
    return ProviderError(
        text,
        type="model_not_found",
        code=failures.NO_PROVIDER,
        recoverable=False,
        suggestions=(f"Run: {INSTALL_COMMAND}",),
    )


def _unknown_provider(name: str, known: list[str]) -> ProviderError:
    return ProviderError(
        f"There is no provider {name!r}. Choose one of: {', '.join(known)}.",
        type="model_not_found",
        code="unknown_provider",
        recoverable=False,
        suggestions=tuple(f"Choose {other}." for other in known),
    )


def _key_problem(found: Found) -> ProviderError | None:
    """Return why a provider cannot be asked, where that is its key."""
    config = found.config
    if config is None:
        return None
    if config.missing_key:
        return _missing_key(found.name, config.missing_key)
    if config.api_key is not None and not config.api_key.is_sendable:
        return failures.unusable_key(found.name, config.key_variable)
    return None


def _missing_key(name: str, variable: str) -> ProviderError:
    return ProviderError(
        f"{name} needs a key. Set {variable} and start the hub again.",
        type="auth_error",
        code="missing_key",
        recoverable=False,
        suggestions=(f"Set {variable}.",),
    )
