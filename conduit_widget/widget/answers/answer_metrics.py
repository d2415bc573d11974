"""How long an answer took, by the clocks of everybody it passed through."""

from __future__ import annotations

from typing import Any, Final

from conduit_widget.chat_client.conversation import Conversation
from conduit_widget.chat_client.state.messages import is_final
from conduit_widget.plain_text import plain_name
from conduit_widget.types import ChatMessage, Wire

_NAME_CHARS: Final = 64


class AnswerMetrics(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """The figures of one answer: times in ms, the rate in tokens per second, None where nobody measured.

    Three clocks are kept apart. ``time_to_first_token`` and ``latency`` are the provider's as the hub saw
    them. ``flush`` is the hub's own: how long it held text back to send it together, on average.
    ``first_paint`` is the view's: from the first text's arrival in this kernel until it was on the screen.
    """

    message_id: str
    provider: str = ""
    model: str = ""
    time_to_first_token: float | None = None
    latency: float | None = None
    tokens_per_second: float | None = None
    completion_tokens: int | None = None
    flush: float | None = None
    first_paint: float | None = None

    def __repr__(self) -> str:
        """Return the figures that are known in one line."""
        names = [plain_name(each, _NAME_CHARS) for each in (self.provider, self.model) if each]
        times = (
            ("first token", self.time_to_first_token),
            ("hub flush", self.flush),
            ("first paint", self.first_paint),
        )
        parts = [f"{name} {value:g} ms" for name, value in times if value is not None]
        if self.tokens_per_second is not None:
            parts.append(f"{self.tokens_per_second:.1f} tok/s")
        if self.completion_tokens is not None:
            parts.append(f"{self.completion_tokens} tokens")
        if self.latency is not None:
            parts.append(f"{self.latency:g} ms in all")
        return f"<{' '.join(names) or 'answer'}: {', '.join(parts) or 'nothing measured'}>"


def newest_metrics(conversation: Conversation) -> AnswerMetrics | None:
    """Return the figures of the newest finished answer; None before the first."""
    answers = (m for m in reversed(conversation.transcript.messages) if m.role == "assistant" and is_final(m))
    newest = next(answers, None)
    return None if newest is None else _metrics(newest, conversation.paints.of(newest.id))


def _metrics(message: ChatMessage, first_paint: float | None) -> AnswerMetrics:
    metadata = message.metadata
    completion = metadata.get("completionTokens")
    return AnswerMetrics(
        message_id=message.id,
        provider=_text(metadata.get("provider")),
        model=_text(metadata.get("model")),
        time_to_first_token=_number(metadata.get("timeToFirstToken")),
        latency=_number(metadata.get("latency")),
        tokens_per_second=_number(metadata.get("tokensPerSecond")),
        completion_tokens=completion if isinstance(completion, int) else None,
        flush=_number(metadata.get("flushTime")),
        first_paint=first_paint,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
