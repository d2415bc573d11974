"""Routes what the hub sends: events to handlers, answers to the invocations that wait for them."""

from __future__ import annotations

import logging
from collections.abc import Callable

from conduit_widget.client.handlers import Handlers
from conduit_widget.client.invocations import PendingInvocations
from conduit_widget.client.link import Link
from conduit_widget.errors import ConnectionLostError, ProtocolError
from conduit_widget.protocol.messages import (
    CancelInvocation,
    Completion,
    HubMessage,
    InvocationBindingFailure,
    StreamItem,
)
from conduit_widget.protocol.session import Event
from conduit_widget.text.plain_text import shown

_logger = logging.getLogger(__name__)


class MessageRouter:
    """The handlers and the pending invocations of one hub connection; ``link`` returns the present link."""

    def __init__(self, link: Callable[[], Link | None]) -> None:
        self._link = link
        self.pending = PendingInvocations()
        self.handlers = Handlers(
            on_other=self._answered, reply=self._reply, on_overflow=self._handlers_overflowed
        )

    def _answered(self, message: Event) -> bool:
        """Complete the invocation that a message answers; return False if the message is no answer."""
        if type(message) is Completion:
            self.pending.complete(message)
        elif type(message) is StreamItem:
            if not self.pending.push_item(message):
                self._reply(CancelInvocation(message.invocation_id))
        elif type(message) is InvocationBindingFailure:
            self._refuse(message)
        else:
            return False
        return True

    def _refuse(self, failure: InvocationBindingFailure) -> None:
        if failure.invocation_id is not None:
            self._reply(Completion(failure.invocation_id, error=failure.error))
        else:
            _logger.warning("an event of the hub was left out: %s", shown(failure.error))

    def lost(self, error: Exception | None) -> None:
        """Fail everything pending: the connection ended, without an error when it was stopped."""
        reason = "The connection to the hub was stopped." if error is None else str(error)
        self.pending.fail_all(reason, error)

    def _reply(self, message: HubMessage) -> None:
        """Send an answer to the hub; it is dropped when the connection has ended."""
        link = self._link()
        if link is None:
            return
        try:
            link.send(message)
        except ConnectionLostError:
            return
        except ProtocolError as error:
            _logger.error("a handler's result cannot be sent: %s", error)  # noqa: TRY400 - the text says it all
            if isinstance(message, Completion):
                link.send(Completion(message.invocation_id, error="The client's result cannot be encoded."))

    def _handlers_overflowed(self, queued: int) -> None:
        link = self._link()
        if link is not None:
            link.abort(ConnectionLostError(f"Handlers are {queued} invocations behind; reconnecting."))
