"""A readable transcript as HTML and text, for where no widget can live."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any, Final

from conduit_widget.chat_client.state.branches import Branch, newest_branch
from conduit_widget.chat_client.state.messages import is_deleted, is_final
from conduit_widget.context.carrying import context_line, words_of
from conduit_widget.text.markup import as_shown, text_html
from conduit_widget.text.plain_text import plain_name, shown as shown_line
from conduit_widget.types import ChatMessage

KEPT: Final = "application/vnd.conduit-widget.transcript+json"
MAX_SHOWN: Final = 200
MAX_SHOWN_CHARS: Final = 64 * 1024
MAX_NAME_CHARS: Final = 128

_BOX: Final = "max-width:48em;line-height:1.45"
_MESSAGE: Final = "margin:0 0 .8em"
_QUIET: Final = "opacity:.7"
_NOTE: Final = f"{_QUIET};margin:0 0 .8em"


def saved_bundle(
    conversation_id: str,
    messages: Sequence[ChatMessage],
    css_class: str = "",
    *,
    withheld: str | None = None,
) -> dict[str, Any]:
    """Return the newest messages for readers without a kernel: everything escaped, no scripts, bounded.

    Of messages with several versions it is the branch with the newest message. ``css_class`` is how a live
    view finds its saved transcript, to hide it. ``withheld`` says why nothing may be read any more. Our
    extension of JupyterLab shows the conversation itself in its place (``js/src/lab/kept.ts``).
    """
    branch = newest_branch([] if withheld else messages)
    told = [message for message in branch.shown if is_final(message) or message.text]
    shown, note = _newest(told), withheld or ""
    if len(shown) < len(told):
        note = f"{len(told) - len(shown)} earlier messages are not shown here."
    title = f"Chat {shown_line(conversation_id)}"
    lines = [title, note, *(_message_line(each, branch) for each in shown)]
    parts = [
        f"<p><strong>{html.escape(title)}</strong></p>",
        f'<p style="{_NOTE}">{html.escape(note)}</p>' if note else "",
        *(_message_html(each, branch) for each in shown),
    ]
    classes = html.escape(f"conduit-transcript {css_class}".strip())
    bundle: dict[str, Any] = {
        "text/plain": "\n\n".join(filter(None, lines)),
        "text/html": f'<div class="{classes}" style="{_BOX}">{"".join(parts)}</div>',
    }
    return bundle if withheld else {**bundle, KEPT: {"conversation": conversation_id}}


def plain_text(conversation_id: str) -> str:
    """Return the repr: the same in every run."""
    return f"Chat({conversation_id!r})"


def author_name(message: ChatMessage) -> str:
    """Return the name of who wrote a message."""
    if message.author is not None:
        return plain_name(message.author.user_name, MAX_NAME_CHARS) or message.author.user_id
    model = message.metadata.get("model")
    return plain_name(str(model or ""), MAX_NAME_CHARS) or message.role.capitalize()


def _newest(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    shown: list[ChatMessage] = []
    chars = 0
    for message in reversed(messages):
        chars += len(message.text)
        if shown and (len(shown) >= MAX_SHOWN or chars > MAX_SHOWN_CHARS):
            break
        shown.append(message)
    return shown[::-1]


def _body(message: ChatMessage) -> str:
    """The text; of a failed answer the reason as well, of one that is being written that it is."""
    if is_deleted(message):
        return "(deleted)"
    parts = [as_shown(words_of(message)), _with(message)]
    if message.error is not None:
        parts.append(as_shown(message.error.message or f"The model failed ({message.error.type})."))
    elif (status := message.metadata.get("status")) in {"interrupted", "cancelled"}:
        parts.append(f"({status})")
    parts.append(_writers(message))
    return "\n\n".join(filter(None, parts)) or "(no text)"


def _with(message: ChatMessage) -> str:
    """Name what went with a message for the model; its text would bury the conversation."""
    line = context_line(message)
    return f"({shown_line(line)})" if line else ""


def _writers(message: ChatMessage) -> str:
    """Name the providers that wrote an answer one after the other; empty where one wrote all of it."""
    segments = message.metadata.get("segments")
    names = [_writer(each) for each in segments] if isinstance(segments, list) else []
    names = [name for name in names if name]
    return f"(written by {', then '.join(names)})" if len(names) > 1 else ""


def _writer(segment: Any) -> str:
    match segment:
        case {"provider": str() as name, "from": int() as start, "to": int() as end} if end > start:
            return plain_name(name, MAX_NAME_CHARS)
        case _:
            return ""


def _versions(message: ChatMessage, branch: Branch) -> str:
    """Say that there are others in a message's place; empty where there are none."""
    count = branch.versions.get(message.id)
    return f"{count} versions" if count else ""


def _message_line(message: ChatMessage, branch: Branch) -> str:
    versions = _versions(message, branch)
    return f"{author_name(message)}{versions and f' ({versions})'}: {_body(message)}"


def _message_html(message: ChatMessage, branch: Branch) -> str:
    name, versions = html.escape(author_name(message)), _versions(message, branch)
    note = f' <small style="{_QUIET}">{versions}</small>' if versions else ""
    return (
        f'<div style="{_MESSAGE}"><strong><bdi>{name}</bdi></strong>{note}{text_html(_body(message))}</div>'
    )
