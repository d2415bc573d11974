"""How one generation went: measured once, for the health of the provider and for the metrics."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from conduit_widget.errors import ProviderError

CHUNK_TIME_BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56)
"""Seconds: upper bounds of the classes that the times between two chunks are counted in."""

CANCELLED: Final = "cancelled"
UNEXPECTED: Final = "unexpected"


class ChunkTimes(NamedTuple):
    """The times from one chunk to the next: how many in each class of ``CHUNK_TIME_BOUNDS``, and their sum.

    The last class counts what took longer than the last bound.
    """

    counts: tuple[int, ...]
    seconds: float

    @property
    def mean(self) -> float | None:
        """The average in seconds; None of none."""
        count = sum(self.counts)
        return self.seconds / count if count else None


class GenerationOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one generation was. Times are in seconds, from the moment the provider was asked.

    A *token* is a chunk with text or reasoning until the provider reports its own count. ``provider`` and
    ``model`` name who answered in the end; ``attempts`` counts the providers that took part.
    ``requested_model`` is what the asker wrote. ``prompt_tokens`` and ``completion_tokens`` are what the
    provider counted, None where it reports no count.

    ``flush_times`` are the hub's own: from the arrival of a chunk to the sending of its delta.

    ``error_type`` is empty for a whole answer, ``cancelled`` for one that was closed early, the ``type`` of
    the ``ProviderError`` in ``error``, or ``unexpected`` for any other exception.
    """

    provider: str
    duration: float
    model: str = ""
    requested_model: str | None = None
    time_to_first_token: float | None = None
    inter_token_latency: float | None = None
    chunk_times: ChunkTimes | None = None
    flush_times: ChunkTimes | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    finish_reason: str | None = None
    error: ProviderError | None = None
    error_type: str = ""
    attempts: int = 1

    @property
    def tokens_per_second(self) -> float | None:
        """The rate after the first token."""
        return None if self.inter_token_latency is None else 1 / self.inter_token_latency
