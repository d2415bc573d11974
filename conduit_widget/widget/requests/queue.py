"""What waits for the hub: a view edits, deletes, moves or sends it again."""

from __future__ import annotations

from typing import Any

from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.offline.outbox import Outbox
from conduit_widget.context.carrying import reworded
from conduit_widget.errors import ConduitError, ValidationError
from conduit_widget.widget.answers.question import check_text
from conduit_widget.widget.requests.handler import AskedChat, Serve

_NOT_HERE = "Nothing is kept here: what was not sent lives as long as this chat."


def handle(content: object, chat: AskedChat, serve: Serve) -> bool:
    """Change what waits for the hub."""
    match content:
        case {"kind": "queue", "requestId": request_id, "id": str() as id_, "action": action, **rest}:
            serve(request_id, _act(chat.conversation, id_, action, rest))
        case _:
            return False
    return True


async def _act(conversation: Conversation, entry_id: str, action: object, rest: dict[Any, Any]) -> None:
    match action, rest:
        case "edit", {"text": text}:
            await reword_queued(conversation, entry_id, text)
        case "delete", _:
            await outbox_of(conversation).remove(entry_id)
        case "move", {"to": int() as to}:
            await outbox_of(conversation).move(entry_id, to)
        case "again", _:
            await outbox_of(conversation).again(entry_id)
        case _:
            raise ValidationError("action", "is not one this version knows.")
    conversation.sender.queue_changed()


async def reword_queued(conversation: Conversation, entry_id: str, text: object) -> None:
    """Give what waits another text; what goes along with it stays.

    Raises:
        ValidationError: the text is empty or too long.
        ConduitError: it waits no more.

    """
    check_text(text)
    assert isinstance(text, str)
    outbox = outbox_of(conversation)
    entry = next((each for each in outbox.shown if each.id == entry_id), None)
    message = None if entry is None else entry.message or conversation.transcript.message(entry.message_id)
    await outbox.reword(entry_id, reworded(message, text.rstrip()))


def outbox_of(conversation: Conversation) -> Outbox:
    """Return the durable queue of a conversation.

    Raises:
        ConduitError: it has none.

    """
    if conversation.sender.outbox is None:
        raise ConduitError(_NOT_HERE)
    return conversation.sender.outbox
