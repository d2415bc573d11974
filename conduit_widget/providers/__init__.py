"""Model providers: the seam (`provider`), their kinds (`kinds`: `openai`, `anthropic`, `local`).

What a package needs that adds a kind of its own is exported here::

    from conduit_widget.providers import Chunk, ProviderConfig, ProviderContext, ProviderKind
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from conduit_widget.providers.anthropic.adapter import AnthropicMessages as AnthropicMessages
    from conduit_widget.providers.config.settings import ProviderSettings as ProviderSettings
    from conduit_widget.providers.directory import (
        ProviderDirectory as ProviderDirectory,
        discover as discover,
    )
    from conduit_widget.providers.keys import Secret as Secret
    from conduit_widget.providers.kinds import (
        ProviderContext as ProviderContext,
        ProviderKind as ProviderKind,
    )
    from conduit_widget.providers.openai.adapter import OpenAICompatible as OpenAICompatible
    from conduit_widget.providers.provider import (
        Chunk as Chunk,
        GenerationRequest as GenerationRequest,
        Provider as Provider,
        ToolCall as ToolCall,
        Usage as Usage,
    )
    from conduit_widget.providers.provider_config import (
        Capabilities as Capabilities,
        ProviderConfig as ProviderConfig,
        Timeouts as Timeouts,
    )

# Loaded on first use: the local model's process imports this package and needs none of it.
_HOMES: Final = {
    "Capabilities": "provider_config",
    "AnthropicMessages": "anthropic.adapter",
    "Chunk": "provider",
    "GenerationRequest": "provider",
    "Provider": "provider",
    "ProviderContext": "kinds",
    "ProviderKind": "kinds",
    "ToolCall": "provider",
    "Usage": "provider",
    "ProviderConfig": "provider_config",
    "ProviderSettings": "config.settings",
    "Secret": "keys",
    "Timeouts": "provider_config",
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
