"""The snapshot a view of a chat begins with: the ``ChatState`` of the comm protocol."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from conduit_widget.access.hub_access import Identity
from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.types import ChatMessage

SNAPSHOT_MESSAGES: Final = 200
SNAPSHOT_CHARS: Final = 512 * 1024


def chat_state(conversation: Conversation, identity: Identity) -> dict[str, Any]:
    """Return everything a view shows, with the newest messages that fit."""
    transcript, providers = conversation.transcript, conversation.providers
    messages, left_out = _newest(transcript.messages)
    return {
        "conversationId": transcript.conversation_id,
        "epoch": transcript.epoch,
        "seq": transcript.seq,
        "self": {"userId": identity.user_id, "userName": identity.user_name},
        "connection": conversation.connectivity.info.to_wire(),
        "provider": providers.current and providers.current.to_wire(),
        "providers": msgspec.to_builtins(providers.figures()),
        "failovers": msgspec.to_builtins(list(providers.failovers)),
        "notices": msgspec.to_builtins(list(conversation.news.notices)),
        "participants": msgspec.to_builtins(transcript.people.participants),
        "typing": transcript.people.typing,
        "readMarks": transcript.shared.read_marks,
        "conversation": transcript.shared.settings and transcript.shared.settings.to_wire(),
        "call": transcript.shared.call and transcript.shared.call.to_wire(),
        "paused": conversation.pausing.is_on,
        "queue": conversation.queue.to_wire(),
        "messages": messages,
        "streams": {
            id_: {
                "text": stream.text,
                "metrics": stream.metrics and stream.metrics.to_wire(),
                **({"reasoning": stream.reasoning} if stream.reasoning else {}),
            }
            for id_, stream in transcript.streams.items()
        },
        "hasMore": transcript.has_more or left_out,
    }


def _newest(messages: list[ChatMessage]) -> tuple[list[dict[str, Any]], bool]:
    """Return the newest messages that fit a snapshot, and whether some were left out."""
    chosen: list[dict[str, Any]] = []
    chars = 0
    for message in reversed(messages):
        chars += len(message.text) + len(message.metadata.get("reasoning") or "")
        if chosen and (len(chosen) >= SNAPSHOT_MESSAGES or chars > SNAPSHOT_CHARS):
            break
        chosen.append(message.to_wire())
    return chosen[::-1], len(chosen) < len(messages)
