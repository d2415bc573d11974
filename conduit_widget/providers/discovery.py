"""Which providers there are: configured ones, else a server on loopback; and the installed local model."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from typing import Final

import msgspec

from conduit_widget.providers import detection
from conduit_widget.providers.config import LOCAL_PROVIDER, ProviderConfig, ProviderSettings
from conduit_widget.providers.local.model import INSTALL_COMMAND, MODEL_NAME, is_installed

NOTHING_FOUND: Final = (
    f"No language model is set up. Run: {INSTALL_COMMAND} (or name an API in CONDUIT_PROVIDER_URL)"
)
ENGINE_MISSING: Final = "The local model's engine is not installed. Run: pip install 'conduit_widget[local]'"
LOCAL_LABEL: Final = "Small local model, often wrong."


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A provider that exists: an endpoint (``config``), or the local model (None).

    ``models`` is what is already known of its models, ``detected`` whether it was found by looking.
    """

    name: str
    config: ProviderConfig | None = None
    models: tuple[str, ...] = ()
    detected: bool = False


async def find_providers(
    settings: ProviderSettings, *, signatures: Sequence[detection.Signature] = detection.SIGNATURES
) -> list[Found]:
    """Return the providers in order of preference, the default first; empty when there is none.

    Explicit configuration and the environment keep us from looking around; the installed local model is
    always the last choice. ``settings.preferred`` goes first, and ``local`` alone when that is preferred.
    """
    local = [Found(name=LOCAL_PROVIDER, models=(MODEL_NAME,))] if is_installed(settings.models_dir) else []
    if settings.preferred == LOCAL_PROVIDER:
        return local
    found = [Found(name=config.name, config=config) for config in settings.configured]
    if not found and settings.detect:
        found = [
            Found(name=config.name, config=config, models=tuple(models), detected=True)
            for config, models in await detection.detect(signatures)
        ]
    found += [item for item in local if all(item.name != other.name for other in found)]
    return sorted(found, key=lambda item: item.name != settings.preferred)


def engine_installed() -> bool:
    """Whether the local model's engine can be imported; looks again each time."""
    importlib.invalidate_caches()
    return importlib.util.find_spec("xllamacpp") is not None
