"""Live, multi-user LLM chat in a Jupyter notebook cell."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from conduit_widget import context as context
    from conduit_widget.client.hub_connection import HubConnection as HubConnection
    from conduit_widget.errors import (
        AddressUnusableError as AddressUnusableError,
        AuthenticationError as AuthenticationError,
        BackplaneUnavailableError as BackplaneUnavailableError,
        BodyTooLargeError as BodyTooLargeError,
        ClientGoneError as ClientGoneError,
        ConduitError as ConduitError,
        ConnectionFailedError as ConnectionFailedError,
        ConnectionLostError as ConnectionLostError,
        FileLimitError as FileLimitError,
        FrontEndMissingError as FrontEndMissingError,
        HubException as HubException,
        HubStartError as HubStartError,
        InvocationTimeoutError as InvocationTimeoutError,
        LocalProtocolError as LocalProtocolError,
        MessageTooLargeError as MessageTooLargeError,
        ModelInstallError as ModelInstallError,
        NotInHistoryError as NotInHistoryError,
        NotSentError as NotSentError,
        ProtocolError as ProtocolError,
        ProviderError as ProviderError,
        RemoteProtocolError as RemoteProtocolError,
        SettingsError as SettingsError,
        StoreFullError as StoreFullError,
        StoreUnavailableError as StoreUnavailableError,
        StreamOverflowError as StreamOverflowError,
        TransportRefusedError as TransportRefusedError,
        ValidationError as ValidationError,
    )
    from conduit_widget.types import ChatMessage as ChatMessage
    from conduit_widget.widget.chat.chat import Chat as Chat
    from conduit_widget.widget.chat.conversations import conversations as conversations
    from conduit_widget.widget.chat.imports import import_conversation as import_conversation
    from conduit_widget.widget.configuring import configure as configure
    from conduit_widget.widget.status.connection_health import ConnectionHealth as ConnectionHealth
    from conduit_widget.widget.status.presence import Presence as Presence
    from conduit_widget.widget.status.provider_status import ProviderStatus as ProviderStatus

__version__: Final = "0.1.0"

# Name → module, imported at first use (PEP 562): `import conduit_widget` itself costs next to nothing.
_EXPORTS: Final = {
    "Chat": "conduit_widget.widget.chat.chat",
    "ChatMessage": "conduit_widget.types",
    "ConnectionHealth": "conduit_widget.widget.status.connection_health",
    "HubConnection": "conduit_widget.client.hub_connection",
    "Presence": "conduit_widget.widget.status.presence",
    "ProviderStatus": "conduit_widget.widget.status.provider_status",
    "context": "conduit_widget",
    "configure": "conduit_widget.widget.configuring",
    "conversations": "conduit_widget.widget.chat.conversations",
    "import_conversation": "conduit_widget.widget.chat.imports",
    **dict.fromkeys(
        (
            "AddressUnusableError",
            "AuthenticationError",
            "BackplaneUnavailableError",
            "BodyTooLargeError",
            "ClientGoneError",
            "ConduitError",
            "ConnectionFailedError",
            "ConnectionLostError",
            "FileLimitError",
            "FrontEndMissingError",
            "HubException",
            "HubStartError",
            "InvocationTimeoutError",
            "LocalProtocolError",
            "MessageTooLargeError",
            "ModelInstallError",
            "NotInHistoryError",
            "NotSentError",
            "ProtocolError",
            "ProviderError",
            "RemoteProtocolError",
            "SettingsError",
            "StoreFullError",
            "StoreUnavailableError",
            "StreamOverflowError",
            "TransportRefusedError",
            "ValidationError",
        ),
        "conduit_widget.errors",
    ),
}

__all__ = ["__version__", *_EXPORTS]  # noqa: PLE0604 - the keys are strings


def __getattr__(name: str) -> Any:
    module = _EXPORTS.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if module == __name__:  # a part with names of its own, as in `conduit_widget.context.register`
        return importlib.import_module(f"{module}.{name}")
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def load_ipython_extension(shell: Any) -> None:
    """Add ``%%chat`` and ``%chat`` to an IPython shell; called by ``%load_ext conduit_widget``."""
    importlib.import_module("conduit_widget.magics").load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take them away again; called by ``%unload_ext conduit_widget``."""
    importlib.import_module("conduit_widget.magics").unload(shell)


def __dir__() -> list[str]:
    return sorted({*globals(), *_EXPORTS})
