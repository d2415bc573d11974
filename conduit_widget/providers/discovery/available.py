"""Which providers there are: configured ones, else a server on loopback; and the installed local model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.config.configured import with_timeouts
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.discovery import loopback_servers
from conduit_widget.providers.local.library import model_in_use
from conduit_widget.providers.local.model import INSTALL_COMMAND, engine_problem
from conduit_widget.providers.provider_config import KEY_FILE_WORDS, LOCAL_KIND, ProviderConfig

NOTHING_FOUND: Final = (
    f"No language model is set up. Run: {INSTALL_COMMAND} (or name an API in CONDUIT_PROVIDER_URL)"
)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A provider that exists.

    ``models`` is what is already known of its models, ``detected`` whether it was found by looking, ``label``
    the line that people see beside it then, ``problem`` why it cannot be asked before somebody mends that.
    """

    config: ProviderConfig
    models: tuple[str, ...] = ()
    detected: bool = False
    label: str = ""
    problem: ProviderError | None = None

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.config.name


async def find_providers(
    settings: ProviderSettings,
    *,
    signatures: Sequence[loopback_servers.Signature] = loopback_servers.SIGNATURES,
) -> list[Found]:
    """Return the providers in order of preference, the default first; empty when there is none.

    Explicit configuration and the environment keep us from looking around; the installed local model is
    always the last choice. ``settings.preferred`` goes first, then who has the highest priority; with
    ``local`` preferred there is nothing else.
    """
    local = installed_model(settings)
    configured = [Found(config=config, problem=key_problem(config)) for config in settings.configured]
    if settings.preferred == LOCAL_KIND:
        return [item for item in configured if item.config.kind == LOCAL_KIND] or local
    found = sorted(configured, key=lambda item: -item.config.priority)
    if not found and settings.detect:
        found = [
            Found(
                config=_with_timeouts(config, settings),
                models=tuple(models),
                detected=True,
                label=loopback_servers.label(config.name),
            )
            for config, models in await loopback_servers.detect(signatures)
        ]
    if all(LOCAL_KIND not in {item.name, item.config.kind} for item in found):
        found += local
    return sorted(found, key=lambda item: item.name != settings.preferred)


def installed_model(settings: ProviderSettings) -> list[Found]:
    """Return the local model in use as a provider; empty where none is installed."""
    model = model_in_use(settings.models_dir)
    if model is None:
        return []
    config = _with_timeouts(ProviderConfig(name=LOCAL_KIND, kind=LOCAL_KIND), settings)
    return [Found(config=config, models=(model.name,), detected=True, problem=engine_problem())]


def key_problem(config: ProviderConfig) -> ProviderError | None:
    """Return why a provider's key, or another header, keeps it from being asked, or None."""
    if config.missing_key:
        return _missing(config.name, "a key", config.missing_key)
    if config.missing_header:
        return _missing(config.name, "a header", config.missing_header)
    if config.api_key is not None and not config.api_key.is_sendable:
        return failures.unusable_key(config.name, config.key_variable)
    return None


def _with_timeouts(config: ProviderConfig, settings: ProviderSettings) -> ProviderConfig:
    timeouts = with_timeouts(config.base_url, settings.timeouts)
    return msgspec.structs.replace(config, timeouts=timeouts)


def _missing(name: str, what: str, source: str) -> ProviderError:
    remedy = f"Set {source} and start the hub again."
    if source.startswith(KEY_FILE_WORDS):
        remedy = f"Write it to {source}, which you alone may read."
    return ProviderError(
        f"{name} needs {what}. {remedy}",
        type="auth_error",
        code="missing_key",
        recoverable=False,
        suggestions=(remedy,),
    )
