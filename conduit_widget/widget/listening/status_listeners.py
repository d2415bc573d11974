"""Functions of the user's that hear how the chat is: its way to the hub, and the hub's providers."""

from __future__ import annotations

from collections.abc import Callable

from conduit_widget.chat_client.conversation.conversation import ChangeHandler
from conduit_widget.chat_client.state.changes import (
    Change,
    ConnectionChange,
    ConnectionInfo,
    ProviderChange,
    ProvidersChange,
    ResetChange,
)
from conduit_widget.text.plain_text import shown
from conduit_widget.types import ProviderState, Wire
from conduit_widget.widget.listening.change_listeners import ChangeListeners


class ChatStatus(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """How a chat is: the state of its connection, why it is not live, and the state of each provider."""

    connection: str
    message: str | None = None
    providers: dict[str, ProviderState] = {}  # noqa: RUF012 - msgspec copies a struct's defaults

    def __repr__(self) -> str:
        """Return all of it in one line."""
        why = f" ({shown(self.message)})" if self.message else ""
        states = ", ".join(f"{shown(name)} {state}" for name, state in self.providers.items())
        return f"<{self.connection}{why}; {states or 'no provider known'}>"


StatusListener = Callable[[ChatStatus], object]


class StatusListeners(ChangeListeners):
    """The listeners of one chat for its status; they hear it when a state changes, not at every figure.

    Args:
        status: returns the status now.
        subscribe: subscribes to the conversation's changes, and returns the unsubscriber.

    """

    def __init__(
        self,
        status: Callable[[], ChatStatus],
        subscribe: Callable[[ChangeHandler], Callable[[], None]],
    ) -> None:
        super().__init__(subscribe)
        self._status = status
        self._told: ChatStatus | None = None

    def _begin(self) -> None:
        self._told = self._status()

    def _on_changes(self, changes: list[Change]) -> None:
        kinds = ConnectionChange | ProviderChange | ProvidersChange | ResetChange
        if not any(isinstance(change, kinds) for change in changes):
            return
        status = self._status()
        if status != self._told:
            self._told = status
            self._tell(status)


def status_of(connection: ConnectionInfo, providers: dict[str, ProviderState]) -> ChatStatus:
    """Return the status that listeners hear."""
    return ChatStatus(connection=connection.state, message=connection.message, providers=providers)
