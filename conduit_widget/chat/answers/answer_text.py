"""The text and speed of an answer being written: pure bookkeeping, times given by the caller."""

from __future__ import annotations

import dataclasses

from conduit_widget.plain_text import writable
from conduit_widget.providers.provider import Usage
from conduit_widget.types import StreamMetrics

__all__ = ["AnswerText", "Delta", "Speed"]


@dataclasses.dataclass(frozen=True, slots=True)
class Delta:
    """Text to send: ``offset`` in code points, ``index`` of its first token, ``count`` of its tokens."""

    text: str
    offset: int
    index: int
    count: int


class AnswerText:
    """What was sent of an answer and what still waits to be.

    Whoever reads :attr:`sent` and then gets every later delta has the whole text. The answer ends at
    ``max_bytes`` of UTF-8 (overflow policy: the generation is stopped, finish reason ``length``; of reasoning
    the rest is left out).
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._size = 0
        self._sent: list[str] = []
        self._sent_chars = 0
        self._sent_tokens = 0
        self._waiting: list[str] = []

    @property
    def sent(self) -> str:
        """The text of all deltas taken so far."""
        if len(self._sent) > 1:
            self._sent = ["".join(self._sent)]
        return self._sent[0] if self._sent else ""

    @property
    def whole(self) -> str:
        """The text of all deltas, that of the next one included."""
        return self.sent + "".join(self._waiting)

    @property
    def sent_tokens(self) -> int:
        """How many tokens the deltas taken so far had."""
        return self._sent_tokens

    @property
    def is_waiting(self) -> bool:
        """Whether a delta would not be empty."""
        return bool(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether the answer has reached its limit."""
        return self._size >= self._max_bytes

    def add(self, token: str) -> None:
        """Add a token; what no text encoding can carry becomes U+FFFD, what is over the limit is left out."""
        token = writable(token, "\ufffd")
        encoded = token.encode()
        room = self._max_bytes - self._size
        self._size += min(len(encoded), room)
        if len(encoded) > room:
            token = encoded[:room].decode("utf-8", "ignore")
        self._waiting.append(token)

    def end_as(self, text: str) -> bool:
        """Let the next delta complete the whole to ``text``; False where that is not what was begun."""
        self._waiting = [text[self._sent_chars :]]
        return text.startswith(self.sent)

    def take(self) -> Delta:
        """Return all that waits as one delta and count it as sent."""
        delta = Delta("".join(self._waiting), self._sent_chars, self._sent_tokens, len(self._waiting))
        if delta.text:
            self._sent.append(delta.text)
        self._sent_chars += len(delta.text)
        self._sent_tokens += delta.count
        self._waiting.clear()
        return delta


class Speed:
    """How fast an answer comes. Times in seconds from one monotonic clock; the results in ms and tokens/s.

    A chunk counts as a token until the provider reports its own count.
    """

    def __init__(self, started: float) -> None:
        self._started = started
        self._first: float | None = None
        self._first_text: float | None = None
        self._reasoned = False
        self._last = started
        self._chunks = 0
        self.usage: Usage | None = None

    def reasoning(self, now: float) -> None:
        """Note a chunk with reasoning."""
        self._reasoned = self._reasoned or self._first_text is None
        self._token(now)

    def token(self, now: float) -> None:
        """Note a chunk with text."""
        if self._first_text is None:
            self._first_text = now
        self._token(now)

    def _token(self, now: float) -> None:
        if self._first is None:
            self._first = now
        self._last = now
        self._chunks += 1

    @property
    def completion_tokens(self) -> int:
        """Tokens of the answer: reported, else counted in chunks."""
        reported = self.usage.completion_tokens if self.usage is not None else None
        return reported or self._chunks

    def latency_ms(self, now: float) -> float:
        """Time since the provider was asked."""
        return _ms(now - self._started)

    def metrics(self) -> StreamMetrics:
        """Return what is known so far."""
        if self._first is None:
            return StreamMetrics()
        steps, span = self.completion_tokens - 1, self._last - self._first
        measurable = steps > 0 and span > 0
        return StreamMetrics(
            time_to_first_token=_ms(self._first - self._started),
            tokens_per_second=round(steps / span, 2) if measurable else None,
            inter_token_latency=_ms(span / steps) if measurable else None,
            prompt_tokens=self.usage.prompt_tokens if self.usage is not None else None,
            completion_tokens=self.completion_tokens,
            reasoning_time=self.reasoning_time(),
        )

    def reasoning_time(self, *, ended: bool = False) -> float | None:
        """How long the model thought, in ms; None while it does, and where it did not.

        ``ended``: nothing comes any more, the answer may be all reasoning.
        """
        until = self._last if ended and self._first_text is None else self._first_text
        if not self._reasoned or self._first is None or until is None:
            return None
        return _ms(until - self._first)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
