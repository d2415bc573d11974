"""What a person at the prompt does to messages: the part of ``Chat`` that changes what was said."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from conduit_widget.errors import ValidationError
from conduit_widget.types import ChatMessage, SendReceipt
from conduit_widget.widget.answers.pending_result import PendingResult
from conduit_widget.widget.backend import ChatBackend

_T = TypeVar("_T")

Named = ChatMessage | SendReceipt | str
"""A message, by itself, by the receipt of its sending, or by its id."""


class ChatActs:
    """Methods of ``Chat`` on messages that are there. Each returns at once, as ``chat.send`` does."""

    @property
    def _backend(self) -> ChatBackend:
        raise NotImplementedError

    def _pending(self, what: str, coroutine: Coroutine[Any, Any, _T]) -> PendingResult[_T]:
        raise NotImplementedError

    def delete(self, message: Named) -> PendingResult[None]:
        """Delete a message for everybody: its text, files and versions are gone from the hub.

        You may delete what you wrote, answers to it, and as an owner everything. A note that something was
        deleted stays in its place::

            chat.delete(chat.messages[-1]).result()

        Raises (when awaited):
            HubException: you may not, or the hub cannot.

        """
        return self._pending("delete", _delete(self._backend, id_of(message)))


def id_of(message: object) -> str:
    """Return the id of a message.

    Raises:
        ValidationError: it is neither a message, nor a receipt, nor an id.

    """
    if isinstance(message, ChatMessage | SendReceipt):
        return message.id
    if isinstance(message, str) and message:
        return message
    raise ValidationError(
        "message", f"must be a message of chat.messages, a receipt or an id, not {type(message).__name__}."
    )


async def _delete(backend: ChatBackend, message_id: str) -> None:
    await backend.conversation.revisions.delete(message_id)
