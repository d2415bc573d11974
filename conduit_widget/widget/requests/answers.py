"""Answers: stopping them, and when a view has drawn their first words."""

from __future__ import annotations

from conduit_widget.widget.requests.handler import AskedChat, Serve


def handle(content: object, chat: AskedChat, serve: Serve) -> bool:
    """Stop an answer, or note what a view has drawn of it."""
    match content:
        case {"kind": "stop", "requestId": request_id, "messageId": str() as id_}:
            serve(request_id, chat.questions.stop(id_))
        case {"kind": "painted", "messageId": str() as id_, "at": int() as at, "held": int() as held}:
            chat.conversation.paints.painted(id_, at, held)
        case _:
            return False
    return True
