"""The way to the hub: signs of life, trying again, and how the providers are."""

from __future__ import annotations

from conduit_widget.widget.requests.handler import AskedChat, Serve


def handle(content: object, chat: AskedChat, serve: Serve) -> bool:
    """Tell the others that somebody types, connect now, or ask how the providers are."""
    match content:
        case {"kind": "typing", "isTyping": bool() as is_typing}:
            chat.conversation.set_typing(is_typing)
        case {"kind": "retry"}:
            chat.conversation.retry_now()
        case {"kind": "providers"}:
            chat.conversation.ask_providers()
        case _:
            return False
    return True
