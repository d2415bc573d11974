"""How long an answer took, by the clocks of everybody it passed through."""

from __future__ import annotations

import itertools
from typing import Any, Final

import msgspec

from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.state.messages import is_final
from conduit_widget.text.plain_text import plain_name
from conduit_widget.types import ChatMessage, Cost, StreamMetrics, Wire
from conduit_widget.widget.answers.metrics_table import Figure, figures_html

MAX_EARLIER: Final = 29

_NAME_CHARS: Final = 64


class AnswerMetrics(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """The figures of one answer: times in ms, the rate in tokens per second, None where nobody measured.

    Three clocks are kept apart. ``time_to_first_token`` and ``latency`` are the provider's as the hub saw
    them; ``cost`` is known where the provider has a price. ``flush`` is the hub's own: how long it held text
    back to send it together, on average.
    ``first_paint`` is the view's: from the first text's arrival in this kernel until it was on the screen.
    ``earlier`` are those of the answers before it, at most :data:`MAX_EARLIER`, the oldest first; a notebook
    shows all as a table with a line for each figure.
    """

    message_id: str
    provider: str = ""
    model: str = ""
    time_to_first_token: float | None = None
    latency: float | None = None
    tokens_per_second: float | None = None
    completion_tokens: int | None = None
    cost: Cost | None = None
    flush: float | None = None
    first_paint: float | None = None
    earlier: tuple[AnswerMetrics, ...] = ()

    def __repr__(self) -> str:
        """Return the figures that are known in one line."""
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
        if self.cost is not None:
            parts.append(f"{self.cost.amount:g} {plain_name(self.cost.currency, _NAME_CHARS)}")
        if self.latency is not None:
            parts.append(f"{self.latency:g} ms in all")
        return f"<{self._names()}: {', '.join(parts) or 'nothing measured'}>"

    def _names(self) -> str:
        names = [plain_name(each, _NAME_CHARS) for each in (self.provider, self.model) if each]
        return " ".join(names) or "answer"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show the figures in a notebook, those of the answers before as lines beside them."""
        answers = [*self.earlier, self]
        figures = [
            Figure("first token", "ms", [each.time_to_first_token for each in answers]),
            Figure("hub flush", "ms", [each.flush for each in answers]),
            Figure("first paint", "ms", [each.first_paint for each in answers]),
            Figure("speed", "tok/s", [each.tokens_per_second for each in answers]),
            Figure("length", "tokens", [each.completion_tokens for each in answers]),
            Figure("in all", "ms", [each.latency for each in answers]),
        ]
        return {"text/plain": repr(self), "text/html": figures_html(self._names(), figures)}


def newest_metrics(conversation: Conversation) -> AnswerMetrics | None:
    """Return the figures of the newest finished answer, with those before it; None before the first."""
    answers = (m for m in reversed(conversation.transcript.messages) if m.role == "assistant" and is_final(m))
    known = [_metrics(m, conversation.paints.of(m.id)) for m in itertools.islice(answers, MAX_EARLIER + 1)]
    return msgspec.structs.replace(known[0], earlier=tuple(known[:0:-1])) if known else None


def final_metrics(message: ChatMessage) -> StreamMetrics:
    """Return how fast a finished answer was written, as its message tells."""
    metadata = message.metadata
    return StreamMetrics(
        time_to_first_token=_number(metadata.get("timeToFirstToken")),
        tokens_per_second=_number(metadata.get("tokensPerSecond")),
        prompt_tokens=_count(metadata.get("promptTokens")),
        completion_tokens=_count(metadata.get("completionTokens")),
        reasoning_time=_number(metadata.get("reasoningTime")),
    )


def _metrics(message: ChatMessage, first_paint: float | None) -> AnswerMetrics:
    metadata = message.metadata
    return AnswerMetrics(
        message_id=message.id,
        provider=_text(metadata.get("provider")),
        model=_text(metadata.get("model")),
        time_to_first_token=_number(metadata.get("timeToFirstToken")),
        latency=_number(metadata.get("latency")),
        tokens_per_second=_number(metadata.get("tokensPerSecond")),
        completion_tokens=_count(metadata.get("completionTokens")),
        cost=message.cost,
        flush=_number(metadata.get("flushTime")),
        first_paint=first_paint,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
