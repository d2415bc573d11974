"""Model providers: the seam (`provider`), the adapter (`openai`), the local model (`local`)."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from conduit_widget.providers.config import (
        ProviderConfig as ProviderConfig,
        ProviderSettings as ProviderSettings,
        Timeouts as Timeouts,
    )
    from conduit_widget.providers.directory import (
        ProviderDirectory as ProviderDirectory,
        discover as discover,
    )
    from conduit_widget.providers.keys import Secret as Secret
    from conduit_widget.providers.openai.adapter import OpenAICompatible as OpenAICompatible

# Loaded on first use: the local model's process imports this package and needs none of it.
_HOMES: Final = {
    "ProviderConfig": "config",
    "ProviderSettings": "config",
    "Secret": "keys",
    "Timeouts": "config",
    "ProviderDirectory": "directory",
    "discover": "directory",
    "OpenAICompatible": "openai.adapter",
}
__all__ = [  # noqa: PLE0604 - computed from the table above
    *_HOMES,
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
