"""What the capabilities of a chat's views share: how a message of a view is looked at and answered."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import msgspec

from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.files.hub_files import HubFiles
from conduit_widget.errors import ValidationError
from conduit_widget.widget.answers.questions import Questions
from conduit_widget.widget.attachments.waiting_files import WaitingFiles
from conduit_widget.widget.take_along.uploads import Uploads


class AskedChat(Protocol):
    """The chat that a view asks: its conversation, entered if need be, and its questions."""

    @property
    def conversation(self) -> Conversation:
        """The conversation."""

    @property
    def questions(self) -> Questions:
        """The questions under way."""

    @property
    def files(self) -> HubFiles:
        """The files of its hub."""

    @property
    def waiting_files(self) -> WaitingFiles:
        """The files that views have attached while the hub was away."""

    async def hub_url(self) -> str:
        """Return the address of its hub's chat."""

    @property
    def uploads(self) -> Uploads:
        """The file that a view brings in."""


Serve = Callable[[object, Coroutine[Any, Any, Any]], None]
"""``serve(request_id, work)`` does the work and replies with its result, or with what went wrong."""

Handler = Callable[[object, AskedChat, Serve], bool]
"""``handler(content, chat, serve)`` acts on a message of a view; it returns False to one it does not know.

It runs on the loop thread and must not block.
"""


def converted(field: str, value: Any, kind: Any) -> Any:
    """Return what a view sent as a type of the contract.

    Raises:
        ValidationError: it is none.

    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ValidationError(field, f"cannot be used: {error}") from None
