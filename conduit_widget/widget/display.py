"""What a chat shows where no widget can live: a readable transcript as HTML and text."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any, Final

from conduit_widget.types import ChatMessage

WIDGET_VIEW: Final = "application/vnd.jupyter.widget-view+json"
MAX_SHOWN: Final = 200

_STYLE: Final = "white-space:pre-wrap;margin:0 0 .6em"


def mimebundle(conversation_id: str, model_id: str, messages: Sequence[ChatMessage]) -> dict[str, Any]:
    """Return the widget view with its fallbacks. Never holds a token or an address in memory."""
    return {
        "text/plain": plain_text(conversation_id),
        "text/html": transcript_html(conversation_id, messages),
        WIDGET_VIEW: {"version_major": 2, "version_minor": 1, "model_id": model_id},
    }


def plain_text(conversation_id: str) -> str:
    """Return the repr: the same in every run."""
    return f"Chat({conversation_id!r})"


def transcript_html(conversation_id: str, messages: Sequence[ChatMessage]) -> str:
    """Return the newest messages as static HTML, everything escaped, no scripts, no remote content."""
    shown = messages[-MAX_SHOWN:]
    title = f"<p><strong>Chat {html.escape(conversation_id)}</strong></p>"
    if not shown:
        return f'<div class="conduit-transcript">{title}</div>'
    lines = "".join(_message_html(message) for message in shown)
    return f'<div class="conduit-transcript">{title}{lines}</div>'


def _message_html(message: ChatMessage) -> str:
    body = html.escape(message.text or (message.error.message or "failed" if message.error else ""))
    return f'<p style="{_STYLE}"><strong>{html.escape(author_name(message))}:</strong> {body}</p>'


def author_name(message: ChatMessage) -> str:
    """Who wrote a message, for people."""
    if message.author is not None:
        return message.author.user_name
    model = message.metadata.get("model")
    return str(model) if model else message.role.capitalize()
