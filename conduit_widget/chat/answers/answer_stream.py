"""The stream of an answer: what a provider says becomes batched ``StreamToken`` events, and checkpoints.

A token waits at most one batch interval. Nobody needs to be reading.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from typing import Final

from conduit_widget.chat.answers.answer_options import MAX_NAME_CHARS
from conduit_widget.chat.answers.answer_text import AnswerText, Delta
from conduit_widget.chat.answers.checkpoints import Checkpoints
from conduit_widget.chat.answers.generation_job import GenerationJob
from conduit_widget.chat.answers.speed import Speed
from conduit_widget.chat.history.store import StoredStream
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.providers.outcome import CHUNK_TIME_BOUNDS, ChunkTimes
from conduit_widget.providers.provider import Chunk, Failover, ToolCall, UnseenImages
from conduit_widget.text.plain_text import plain_name
from conduit_widget.types import (
    FinishReason,
    OpenStream,
    Segment,
    SegmentOutcome,
    StreamKind,
    StreamMetadata,
    StreamMetrics,
)

MAX_REASONING_BYTES: Final = 64 * 1024
"""Of what the model thinks; the rest is left out, the answer is not."""
MAX_TOOL_CALLS: Final = 32
"""Of an answer; the rest is left out."""


class AnswerStream:
    """Text, reasoning, speed and origin of one answer; sends what is new to the conversation.

    ``provider`` and ``model`` say who answers, ``finish_reason`` how it ended, in the provider's words;
    ``attempts`` counts the providers that have been asked, ``segments`` are the parts of those that failed.
    ``unseen`` says which images of the prompt the last of them did not get.
    ``attempt`` measures the provider that answers now, ``speed`` the answer as its readers see it.
    """

    def __init__(self, job: GenerationJob, settings: ChatSettings) -> None:
        self.text = AnswerText(settings.max_answer_bytes)
        self.reasoning = AnswerText(min(settings.max_answer_bytes, MAX_REASONING_BYTES))
        self.provider = ""
        self.model = ""
        self.finish_reason: str | None = None
        self.tool_calls: tuple[ToolCall, ...] = ()
        self.attempts = 1
        self.unseen: UnseenImages = ""
        self.segments: list[Segment] = []
        self._job = job
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self.speed = self.attempt = Speed(self._loop.time())
        self.checkpoints = Checkpoints(job.conversation, settings.checkpoint_interval, self._stored)
        self._named = ("", "")  # provider and model as the last chunk spelled them
        self._timer: asyncio.TimerHandle | None = None
        self._last_flush = self._last_metrics = float("-inf")
        self._arrived = 0.0  # the oldest chunk that waits to be sent
        self._flush_counts = [0] * (len(CHUNK_TIME_BOUNDS) + 1)
        self._flush_seconds = 0.0

    def begin(self) -> None:
        """Start the clocks of the answer: the provider is asked now."""
        self.speed = self.attempt = Speed(self._loop.time())

    def fail_over(self, failover: Failover) -> None:
        """One provider has failed: what it wrote is sent as its own, what follows is the next one's."""
        if failover.target is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        if self.text.waiting or self.reasoning.waiting:
            self._flush()
        self._timer = None
        self.segments.append(self._segment("failed", failover.reason, model=failover.source_model))
        self.provider, self.model = plain_name(failover.target, MAX_NAME_CHARS), ""
        self._named = (failover.target, "")
        self.finish_reason = None
        self.unseen = ""
        self.attempts += 1
        self.attempt = Speed(self._loop.time())

    def all_segments(self, outcome: SegmentOutcome, reason: str | None = None) -> list[Segment]:
        """Return the parts of an answer that has ended, none where only one provider was asked."""
        return [*self.segments, self._segment(outcome, reason)] if self.segments else []

    def add(self, chunk: Chunk) -> None:
        """Add what a chunk brings; its text is sent at once, or with what follows within the interval."""
        if chunk.model != self._named[1] or (chunk.provider and chunk.provider != self._named[0]):
            self._name(chunk)
        if chunk.usage is not None:
            self.attempt.report(chunk.usage)
            if not any(segment.end for segment in self.segments):
                self.speed.report(chunk.usage)  # it covers the whole text
        if chunk.finish_reason is not None:
            self.finish_reason = plain_name(chunk.finish_reason, MAX_NAME_CHARS)
        if chunk.tool_calls:
            self.tool_calls = chunk.tool_calls[:MAX_TOOL_CALLS]
        if not (chunk.text or chunk.reasoning):
            if chunk.asked:
                self.attempt = Speed(self._loop.time())
            if chunk.unseen != "":
                self.unseen = chunk.unseen
            return
        now = self._loop.time()
        self.speed.chunk(now, text=bool(chunk.text), reasoning=bool(chunk.reasoning))
        if self.attempt is not self.speed:
            self.attempt.chunk(now, text=bool(chunk.text), reasoning=bool(chunk.reasoning))
        if chunk.reasoning and not self.reasoning.is_full:
            self.reasoning.add(chunk.reasoning)
        if chunk.text:
            self.text.add(chunk.text)
        if self._timer is None:
            self._arrived = now
            wait = self._last_flush + self._settings.batch_interval - now
            if wait > 0:
                self._timer = self._loop.call_later(wait, self._flush)
            else:
                self._flush()

    def send(self, *, done: bool = False, reason: FinishReason | None = None) -> None:
        """Send what waits, or an empty delta; ``done``: it is the last one."""
        if self.reasoning.waiting:
            self._send(self.reasoning.pop_delta(), kind="reasoning")
        self._send(self.text.pop_delta(), done=done, reason=reason)

    def close(self) -> None:
        """Cancel the timers: nothing more is sent or stored without being asked for."""
        self.checkpoints.cancel()
        if self._timer is not None:
            self._timer.cancel()

    @property
    def flush_times(self) -> ChunkTimes | None:
        """How long the oldest chunk of each delta waited here; None where nothing was sent."""
        counts = tuple(self._flush_counts)
        return ChunkTimes(counts, self._flush_seconds) if any(counts) else None

    def as_open(self) -> OpenStream:
        """Return the stream as a late joiner needs it: every later delta continues this text."""
        return OpenStream(
            message_id=self._job.answer.id,
            seq=self._job.answer_seq,
            text=self.text.sent,
            index=self.text.sent_tokens,
            model=self.model,
            provider=self.provider,
            metrics=self.speed.metrics(),
            reasoning=self.reasoning.sent,
            segments=list(self.segments),
        )

    def _segment(self, outcome: SegmentOutcome, reason: str | None, *, model: str = "") -> Segment:
        return Segment(
            provider=self.provider,
            model=self.model or plain_name(model, MAX_NAME_CHARS),
            start=self.segments[-1].end if self.segments else 0,
            end=self.text.length,
            outcome=outcome,
            reason=reason,
        )

    def _name(self, chunk: Chunk) -> None:
        before, self._named = self._named[0], (chunk.provider or self._named[0], chunk.model)
        self.model = plain_name(chunk.model, MAX_NAME_CHARS) or self.model
        if self._named[0] != before:
            self.provider = plain_name(chunk.provider, MAX_NAME_CHARS)
            self.attempts += bool(before)

    def _flush(self) -> None:
        self._timer = None
        self._last_flush = self._loop.time()
        waited = self._last_flush - self._arrived
        self._flush_counts[bisect_left(CHUNK_TIME_BOUNDS, waited)] += 1
        self._flush_seconds += waited
        if self.reasoning.waiting:
            self._send(self.reasoning.pop_delta(), kind="reasoning")
        if self.text.waiting:
            self._send(self.text.pop_delta())
        if not self.checkpoints.is_due:
            self.checkpoints.request()

    def _send(
        self,
        delta: Delta,
        *,
        done: bool = False,
        reason: FinishReason | None = None,
        kind: StreamKind | None = None,
    ) -> None:
        due = done or self._loop.time() - self._last_metrics >= self._settings.metrics_interval
        metadata = StreamMetadata(
            message_id=self._job.answer.id,
            seq=self._job.answer_seq,
            index=delta.index,
            count=delta.count,
            offset=delta.offset,
            model=self.model,
            provider=self.provider,
            done=done,
            finish_reason=reason,
            metrics=self._metrics() if due else None,
            kind=kind,
        )
        self._job.conversation.stream(delta.text, metadata)

    def _metrics(self) -> StreamMetrics | None:
        metrics = self.speed.metrics()
        if metrics.time_to_first_token is None:
            return None
        self._last_metrics = self._loop.time()
        return metrics

    def _stored(self) -> StoredStream:
        return StoredStream(
            conversation_id=self._job.conversation.conversation_id,
            message_id=self._job.answer.id,
            seq=self._job.answer_seq,
            text=self.text.sent,
            index=self.text.sent_tokens,
            model=self.model,
            provider=self.provider,
        )
