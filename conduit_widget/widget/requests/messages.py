"""Messages: what people write, and what they do to what was written."""

from __future__ import annotations

from typing import Any

from conduit_widget.widget.answers.question import user_message
from conduit_widget.widget.requests.handler import AskedChat, Serve


def handle(content: object, chat: AskedChat, serve: Serve) -> bool:
    """Send a message, or change one that is there."""
    match content:
        case {"kind": "send", "requestId": request_id, "id": str() as id_, "text": text, **options}:
            choice = {name: options.get(name) for name in ("provider", "model")}
            serve(request_id, _send(chat, id_, text, choice))
        case {"kind": "delete", "requestId": request_id, "messageId": str() as id_}:
            serve(request_id, chat.conversation.revisions.delete(id_))
        case _:
            return False
    return True


async def _send(chat: AskedChat, message_id: str, text: Any, choice: dict[str, Any]) -> dict[str, Any]:
    message = user_message(text, message_id=message_id, **choice)
    receipt = await chat.questions.send(message)
    return receipt.to_wire()
