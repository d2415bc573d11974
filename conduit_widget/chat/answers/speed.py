"""How fast an answer comes: the one place where first token, rate and counts of a generation are measured."""

from __future__ import annotations

from bisect import bisect_left

from conduit_widget.providers.limits.token_estimate import MAX_COUNT
from conduit_widget.providers.outcome import CHUNK_TIME_BOUNDS, ChunkTimes
from conduit_widget.providers.provider import Usage
from conduit_widget.types import StreamMetrics


class Speed:
    """Measures one answer. Times go in as seconds of one monotonic clock.

    A chunk with text or reasoning is a token until the provider reports its own count.
    """

    def __init__(self, started: float) -> None:
        self._started = started
        self._first: float | None = None
        self._first_text: float | None = None
        self._reasoned = False
        self._last = started
        self._chunks = 0
        self._chunk_times = [0] * (len(CHUNK_TIME_BOUNDS) + 1)
        self.prompt_tokens: int | None = None
        self.reported_tokens: int | None = None

    def chunk(self, now: float, *, text: bool, reasoning: bool) -> None:
        """Note a chunk that has text, reasoning or both."""
        if self._first is None:
            self._first = now
        else:
            self._chunk_times[bisect_left(CHUNK_TIME_BOUNDS, now - self._last)] += 1
        if self._first_text is None:
            self._reasoned = self._reasoned or reasoning
            self._first_text = now if text else None
        self._last = now
        self._chunks += 1

    def report(self, usage: Usage) -> None:
        """Note the provider's own counts, where both can be counts that every hub protocol carries."""
        counts = (usage.prompt_tokens, usage.completion_tokens)
        if all(count is None or 0 <= count <= MAX_COUNT for count in counts):
            self.prompt_tokens, self.reported_tokens = counts

    @property
    def tokens(self) -> int:
        """Tokens of the answer: reported, else counted in chunks."""
        return self.reported_tokens or self._chunks

    @property
    def time_to_first_token(self) -> float | None:
        """Seconds from the request to the first chunk with text or reasoning."""
        return None if self._first is None else self._first - self._started

    @property
    def inter_token_latency(self) -> float | None:
        """Seconds from one token to the next; None for fewer than two."""
        steps, span = self.tokens - 1, self._last - (self._first or 0.0)
        return span / steps if self._first is not None and steps > 0 and span > 0 else None

    @property
    def chunk_times(self) -> ChunkTimes | None:
        """The times between the chunks; None where none came."""
        return None if self._first is None else ChunkTimes(tuple(self._chunk_times), self._last - self._first)

    def elapsed(self, now: float) -> float:
        """Seconds since the provider was asked."""
        return now - self._started

    def metrics(self) -> StreamMetrics:
        """Return what is known so far, as it travels: in ms and tokens per second."""
        first, latency = self.time_to_first_token, self.inter_token_latency
        if first is None:
            return StreamMetrics()
        return StreamMetrics(
            time_to_first_token=milliseconds(first),
            tokens_per_second=None if latency is None else round(1 / latency, 2),
            inter_token_latency=None if latency is None else milliseconds(latency),
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.tokens,
            reasoning_time=self.reasoning_time(),
        )

    def reasoning_time(self, *, ended: bool = False) -> float | None:
        """Return how long the model thought, in ms; None while it does, and where it did not.

        ``ended``: nothing comes any more, the answer may be all reasoning.
        """
        until = self._last if ended and self._first_text is None else self._first_text
        if not self._reasoned or self._first is None or until is None:
            return None
        return milliseconds(until - self._first)


def milliseconds(seconds: float) -> float:
    """Return a time in ms, to the microsecond."""
    return round(seconds * 1000, 3)
