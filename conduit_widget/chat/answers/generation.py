"""One generation: the provider's chunks become batched ``StreamToken`` events and, at the end, one message.

A token waits at most one batch interval; the text so far is checkpointed while it grows; when the final text
is committed the last delta goes out as ``done``, then ``MessageUpdated``. Nobody needs to be reading.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import secrets
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol, cast, get_args

from conduit_widget.chat.answers.answer_end import end_of
from conduit_widget.chat.answers.answer_options import MAX_NAME_CHARS, AnswerOptions
from conduit_widget.chat.answers.answer_text import AnswerText, Delta, Speed
from conduit_widget.chat.answers.prompt import build_prompt
from conduit_widget.chat.history.store import StoredStream
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.contract import ErrorText
from conduit_widget.errors import ProviderError, StoreUnavailableError
from conduit_widget.plain_text import plain_name
from conduit_widget.providers.provider import Chunk, GenerationRequest, Provider, Usage
from conduit_widget.types import (
    ChatMessage,
    FinishReason,
    MessageError,
    OpenStream,
    StreamKind,
    StreamMetadata,
    StreamMetrics,
)

__all__ = ["AnswerRoom", "Generation", "GenerationJob", "ProviderChoice"]

_log = logging.getLogger(__name__)

MAX_COUNT: Final = 2**53 - 1
MAX_REASONING_BYTES: Final = 64 * 1024
"""Of what the model thinks; the rest is left out, the answer is not."""

_FINISH_REASONS: Final = frozenset(get_args(FinishReason))
_STATUS_OF: Final[dict[str, str]] = {
    "cancelled": "cancelled",
    "interrupted": "interrupted",
    "error": "error",
}


class AnswerRoom(Protocol):
    """The conversation, as an answer being written needs it."""

    @property
    def conversation_id(self) -> str:
        """Where the answer goes."""

    @property
    def is_on_several_nodes(self) -> bool:
        """Whether other nodes write answers of it, too: then they are written in the order of the log."""

    def turn(self, answer_seq: int) -> Coroutine[Any, Any, bool] | None:
        """Return what waits for an answer's turn among other nodes' (False: it has been ended); None: now."""

    def stream(self, text: str, metadata: StreamMetadata) -> None:
        """Send a delta to the conversation's connections; the answer's open stream has it already."""

    async def history_until(self, seq: int) -> list[dict[str, Any]]:
        """Return the newest messages up to and including ``seq``, oldest first."""

    async def checkpoint(self, stream: StoredStream) -> None:
        """Keep the text so far."""

    async def finish_answer(self, message: ChatMessage, on_commit: Callable[[], None]) -> None:
        """Commit the final version, end the stream, call ``on_commit``: unless another node was first."""


class ProviderChoice(Protocol):
    """Picks the provider of a generation."""

    def select(self, provider: str | None, model: str | None) -> Provider:
        """Return the provider to ask.

        Raises:
            ProviderError: there is none; the text says what to do.

        """


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class GenerationJob:
    """An answer to write: ``answer`` is its committed placeholder, at ``answer_seq``."""

    room: AnswerRoom
    question_seq: int
    author_id: str
    answer: ChatMessage
    answer_seq: int
    options: AnswerOptions


@dataclasses.dataclass(frozen=True, slots=True)
class _Outcome:
    reason: FinishReason
    error: MessageError | None = None
    provider_reason: str | None = None
    notice: str | None = None


class Generation:
    """Runs one job once. Everything happens on one event loop."""

    def __init__(self, job: GenerationJob, providers: ProviderChoice, settings: ChatSettings) -> None:
        self.job = job
        self.is_open = False
        self._claimed = False
        self._superseded = False
        self._providers = providers
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._text = AnswerText(settings.max_answer_bytes)
        self._reasoning = AnswerText(min(settings.max_answer_bytes, MAX_REASONING_BYTES))
        self._speed = Speed(self._loop.time())
        self._model = ""
        self._named = ""  # the model as the provider spells it
        self._provider = ""
        self._provider_reason: str | None = None
        self._stop_reason: FinishReason | None = None
        self._work: asyncio.Task[None] | None = None
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._flush_timer: asyncio.TimerHandle | None = None
        self._checkpoint_timer: asyncio.TimerHandle | None = None
        self._checkpointing: asyncio.Task[None] | None = None
        self._last_flush = self._last_metrics = float("-inf")

    @property
    def claimed(self) -> bool:
        """Whether somebody runs it, or ran it, or it needs no running any more."""
        return self._claimed

    @property
    def stopped(self) -> bool:
        """Whether it was asked to end: it needs no turn for that."""
        return self._stop_reason is not None

    def claim(self) -> bool:
        """Take the right to run it; True once only."""
        claimed, self._claimed = self._claimed, True
        return not claimed

    def stop(self, reason: FinishReason) -> None:
        """End it, keeping the text so far; the first reason holds, an ended one is left alone."""
        if self._stop_reason is not None or self._ended.done():
            return
        self._stop_reason = reason
        if self._work is not None:
            self._work.cancel()
            # A provider that will not end does not keep the answer from ending.
            self._loop.call_later(self._settings.stop_timeout, self._mark_ended)

    def supersede(self, end: ChatMessage | None) -> None:
        """End it: that was committed elsewhere. The last delta completes what readers had, where it can."""
        self._cancel_timers()
        if self.is_open and end is not None and self._text.end_as(end.text):
            self._send_delta(done=True, reason=finish_reason_of(end))
        self._superseded, self.is_open = True, False
        self.stop("interrupted")

    async def run(self) -> None:
        """Ask the provider, stream the answer, commit it. Raises only when the store does."""
        self.is_open = True
        try:
            outcome = await self._produce()
            self._cancel_timers()
            if self._superseded:
                return
            if self._checkpointing is not None:
                await asyncio.wait({self._checkpointing})
            # Said to be done only when it is: another node may have ended it with less text.
            await self.job.room.finish_answer(
                self._final_message(outcome), lambda: self._close(outcome.reason)
            )
        finally:
            self.is_open = False

    def open_stream(self) -> OpenStream:
        """Return the stream as a late joiner needs it: every later delta continues this text."""
        return OpenStream(
            message_id=self.job.answer.id,
            seq=self.job.answer_seq,
            text=self._text.sent,
            index=self._text.sent_tokens,
            model=self._model,
            provider=self._provider,
            metrics=self._speed.metrics(),
            reasoning=self._reasoning.sent,
        )

    def _close(self, reason: FinishReason) -> None:
        if self.is_open:  # else the store was away for so long that newcomers were not told of it
            try:
                self._send_delta(done=True, reason=reason)
            finally:
                self.is_open = False

    async def _produce(self) -> _Outcome:
        if self._stop_reason is not None:
            self._mark_ended()
            return _Outcome(self._stop_reason)
        if self.job.answer.metadata.get("status") == "queued":
            self._send_delta()  # empty: its turn has come
        self._work = asyncio.create_task(self._consume(), name="generation")
        self._work.add_done_callback(self._mark_ended)
        await self._ended
        if not self._work.done():
            _log.warning("The provider %s did not end a stopped generation in time.", self._provider)
        elif not self._work.cancelled():
            return self._outcome_of(self._work.exception())
        return _Outcome(self._why_stopped())

    def _why_stopped(self) -> FinishReason:
        return self._stop_reason or "interrupted"

    def _mark_ended(self, _work: object = None) -> None:
        if not self._ended.done():
            self._ended.set_result(None)

    async def _consume(self) -> None:
        options = self.job.options
        provider = self._providers.select(options.provider, options.model)
        self._provider = provider.name
        request = await self._request(provider.context_tokens)
        self._speed = Speed(self._loop.time())
        async with contextlib.aclosing(provider.generate(request)) as chunks:
            async for chunk in chunks:
                self._take(chunk)
                if self._text.is_full:
                    self._provider_reason = "length"
                    break

    async def _request(self, context_tokens: int | None) -> GenerationRequest:
        options, settings = self.job.options, self._settings
        prompt = options.system_prompt if options.system_prompt is not None else settings.system_prompt
        messages = build_prompt(
            await self.job.room.history_until(self.job.question_seq),
            system_prompt=prompt,
            context_tokens=context_tokens or settings.default_context_tokens,
            max_tokens=options.parameters.max_tokens,
        )
        return GenerationRequest(
            messages=messages,
            model=options.model,
            parameters=options.parameters,
            cache_key=self.job.room.conversation_id,
        )

    def _take(self, chunk: Chunk) -> None:
        if chunk.model and chunk.model != self._named:
            self._named = chunk.model
            self._model = plain_name(chunk.model, MAX_NAME_CHARS) or self._model
        if chunk.usage is not None and _are_counts(chunk.usage):
            self._speed.usage = chunk.usage
        if chunk.finish_reason is not None:
            self._provider_reason = plain_name(chunk.finish_reason, MAX_NAME_CHARS)
        if not (chunk.text or chunk.reasoning) or self._stop_reason is not None or self._superseded:
            return
        now = self._loop.time()
        if chunk.reasoning:
            self._speed.reasoning(now)
            if not self._reasoning.is_full:
                self._reasoning.add(chunk.reasoning)
        if chunk.text:
            self._speed.token(now)
            self._text.add(chunk.text)
        if self._flush_timer is not None:
            return
        wait = self._last_flush + self._settings.batch_interval - now
        if wait > 0:
            self._flush_timer = self._loop.call_later(wait, self._flush)
        else:
            self._flush()

    def _flush(self) -> None:
        self._flush_timer = None
        self._last_flush = self._loop.time()
        self._send_reasoning()
        if self._text.is_waiting:
            self._send_delta()
        if self._checkpoint_timer is None:
            self._checkpoint_later()

    def _send_reasoning(self) -> None:
        if self._reasoning.is_waiting:
            self._send(self._reasoning.take(), kind="reasoning")

    def _send_delta(self, *, done: bool = False, reason: FinishReason | None = None) -> None:
        self._send_reasoning()
        self._send(self._text.take(), done=done, reason=reason)

    def _send(
        self,
        delta: Delta,
        *,
        done: bool = False,
        reason: FinishReason | None = None,
        kind: StreamKind | None = None,
    ) -> None:
        metadata = StreamMetadata(
            message_id=self.job.answer.id,
            seq=self.job.answer_seq,
            index=delta.index,
            count=delta.count,
            offset=delta.offset,
            model=self._model,
            provider=self._provider,
            done=done,
            finish_reason=reason,
            metrics=self._due_metrics(done),
            kind=kind,
        )
        self.job.room.stream(delta.text, metadata)

    def _due_metrics(self, done: bool) -> StreamMetrics | None:
        now = self._loop.time()
        metrics = self._speed.metrics()
        known = metrics.time_to_first_token is not None
        if not known or not (done or now - self._last_metrics >= self._settings.metrics_interval):
            return None
        self._last_metrics = now
        return metrics

    def _checkpoint_later(self) -> None:
        interval = self._settings.checkpoint_interval
        self._checkpoint_timer = self._loop.call_later(interval, self._start_checkpoint)

    def _start_checkpoint(self) -> None:
        self._checkpoint_timer = None
        if self._checkpointing is None or self._checkpointing.done():
            self._checkpointing = asyncio.create_task(self._checkpoint(), name="checkpoint")
        else:
            self._checkpoint_later()  # a slow store: what came meanwhile waits for no further token

    async def _checkpoint(self) -> None:
        stream = StoredStream(
            conversation_id=self.job.room.conversation_id,
            message_id=self.job.answer.id,
            seq=self.job.answer_seq,
            text=self._text.sent,
            index=self._text.sent_tokens,
            model=self._model,
            provider=self._provider,
        )
        try:
            await self.job.room.checkpoint(stream)
        except StoreUnavailableError:
            _log.debug("The store is away; the next checkpoint may find it.")
        except Exception as error:  # noqa: BLE001 - the answer goes on; the next checkpoint may succeed
            _log.warning("A checkpoint of an answer failed: %s", type(error).__name__)

    def _cancel_timers(self) -> None:
        for timer in (self._flush_timer, self._checkpoint_timer):
            if timer is not None:
                timer.cancel()

    def _outcome_of(self, error: BaseException | None) -> _Outcome:
        if error is None:
            end = end_of(
                self._provider_reason,
                self._provider,
                has_text=bool(self._text.whole.strip()),
                has_reasoning=bool(self._reasoning.whole.strip()),
            )
            return _Outcome(end.reason, end.error, end.provider_reason, end.notice)
        if isinstance(error, ProviderError):
            return _Outcome("error", _message_error(error))
        error_id = secrets.token_hex(8)
        # Not the error's text: a foreign provider may have put the prompt into it.
        place = traceback.extract_tb(error.__traceback__)[-1]
        _log.error(
            "A generation failed (error ID %s): %s in %s:%s",
            error_id,
            type(error).__name__,
            place.filename,
            place.lineno,
        )
        text = ErrorText.UNEXPECTED.format(id=error_id)
        return _Outcome("error", MessageError(type="server_error", recoverable=True, message=text))

    def _final_message(self, outcome: _Outcome) -> ChatMessage:
        status = _STATUS_OF.get(outcome.reason, "complete")
        metadata = {**self.job.answer.metadata, "status": status, "finishReason": outcome.reason}
        said = {
            "providerFinishReason": outcome.provider_reason,
            "notice": outcome.notice,
            "reasoning": self._reasoning.whole or None,
        }
        metadata.update({key: value for key, value in said.items() if value is not None})
        metadata.update(self._measured())
        return ChatMessage(
            id=self.job.answer.id,
            role="assistant",
            content=self._text.whole,
            parent_id=self.job.answer.parent_id,
            metadata=metadata,
            error=outcome.error,
        )

    def _measured(self) -> dict[str, Any]:
        metrics, usage = self._speed.metrics(), self._speed.usage
        prompt = usage.prompt_tokens if usage is not None else None
        completion = usage.completion_tokens if usage is not None else None
        measured = {
            "model": self._model or None,
            "provider": self._provider or None,
            "promptTokens": metrics.prompt_tokens,
            "completionTokens": metrics.completion_tokens,
            "tokensUsed": None if prompt is None or completion is None else prompt + completion,
            "tokensEstimated": True if not completion and metrics.completion_tokens else None,
            "tokensPerSecond": metrics.tokens_per_second,
            "timeToFirstToken": metrics.time_to_first_token,
            "reasoningTime": self._speed.reasoning_time(ended=True),
            "latency": self._speed.latency_ms(self._loop.time()) if self._provider else None,
        }
        return {key: value for key, value in measured.items() if value is not None}


def _are_counts(usage: Usage) -> bool:
    """Whether the numbers can be counts of tokens, and go out in every hub protocol."""
    counts = (usage.prompt_tokens, usage.completion_tokens)
    return all(count is None or 0 <= count <= MAX_COUNT for count in counts)


def finish_reason_of(message: ChatMessage) -> FinishReason | None:
    """Return why an answer ended, if it says so."""
    reason = message.metadata.get("finishReason")
    return cast("FinishReason", reason) if reason in _FINISH_REASONS else None


def _message_error(error: ProviderError) -> MessageError:
    return MessageError(
        type=error.type,
        recoverable=error.recoverable,
        code=error.code,
        status_code=error.status_code,
        retry_after=error.retry_after,
        suggestions=list(error.suggestions),
        message=str(error),
    )
