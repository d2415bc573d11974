"""The ops of the comm protocol: one change of a conversation as the view's reducer applies it."""

from __future__ import annotations

from typing import Any

import msgspec

from conduit_widget.chat_client.state.changes import (
    CallChange,
    Change,
    ConnectionChange,
    ConversationChange,
    HistoryChange,
    MessageChange,
    NoticeChange,
    ParticipantsChange,
    PausedChange,
    ProviderChange,
    ProvidersChange,
    QueueChange,
    ReadMarksChange,
    ResetChange,
    SignalChange,
    StreamEndChange,
    TokenChange,
    TypingChange,
)


def to_op(change: Change) -> dict[str, Any] | None:
    """Return the op a view understands, or None: for a reset only a snapshot will do, a signal is no op."""
    match change:
        case TokenChange(id=id_, offset=offset, text=text, metrics=metrics, kind=kind):
            op: dict[str, Any] = {"op": "token", "id": id_, "offset": offset, "text": text}
            if metrics is not None:
                op["metrics"] = metrics.to_wire()
            if kind is not None:
                op["kind"] = kind
            return op
        case MessageChange(message=message):
            return {"op": "message", "message": message.to_wire()}
        case StreamEndChange(id=id_):
            return {"op": "streamEnd", "id": id_}
        case ParticipantsChange(participants=participants):
            return {"op": "participants", "participants": msgspec.to_builtins(participants)}
        case TypingChange(user_ids=user_ids):
            return {"op": "typing", "userIds": list(user_ids)}
        case ReadMarksChange(marks=marks):
            return {"op": "readMarks", "marks": marks}
        case ConversationChange(conversation=settings):
            return {"op": "conversation", "conversation": settings.to_wire()}
        case CallChange(call=call):
            return {"op": "call", "call": call and call.to_wire()}
        case ProviderChange(provider=provider):
            return {"op": "provider", "provider": provider and provider.to_wire()}
        case ProvidersChange():
            return {"op": "providers", **change.to_wire()}
        case NoticeChange(notice=notice):
            return {"op": "notice", "notice": notice.to_wire()}
        case ConnectionChange(connection=connection):
            return {"op": "connection", "connection": connection.to_wire()}
        case QueueChange(queue=queue):
            return {"op": "queue", "queue": queue.to_wire()}
        case HistoryChange(messages=messages, has_more=has_more):
            return {"op": "history", "messages": [m.to_wire() for m in messages], "hasMore": has_more}
        case PausedChange(paused=paused):
            return {"op": "paused", "paused": paused}
        case ResetChange() | SignalChange():
            return None
