"""One generation: a provider is asked, its answer streamed, and in the end committed as one message.

When the final text is committed the last delta goes out as ``done``, then ``MessageUpdated``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

import msgspec

from conduit_widget.chat.answers.answer_end import AnswerEnd, end_by_error, end_of, finish_reason_of
from conduit_widget.chat.answers.answer_stream import AnswerStream
from conduit_widget.chat.answers.fair_slots import SetAside
from conduit_widget.chat.answers.final_message import final_message
from conduit_widget.chat.answers.generation_job import GenerationJob, GenerationObserver, ProviderChoice
from conduit_widget.chat.answers.generation_state import GenerationState, GenerationStates
from conduit_widget.chat.answers.prompt import Attach, read_prompt
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.errors import ProviderError
from conduit_widget.providers.images import has_images
from conduit_widget.providers.limits.token_estimate import estimate_tokens
from conduit_widget.providers.outcome import CANCELLED, UNEXPECTED, GenerationOutcome
from conduit_widget.providers.provider import Failover, GenerationRequest, PromptMessage
from conduit_widget.types import ChatMessage, FinishReason, OpenStream

_logger = logging.getLogger(__name__)


class Generation:
    """Runs one job once and reports to ``observer`` how it went. Everything happens on one event loop."""

    def __init__(
        self,
        job: GenerationJob,
        providers: ProviderChoice,
        settings: ChatSettings,
        observer: GenerationObserver,
        attach: Attach | None = None,
    ) -> None:
        self.job = job
        self._attach = attach
        self._states = GenerationStates()
        self._providers = providers
        self._settings = settings
        self._observer = observer
        self._loop = asyncio.get_running_loop()
        self._messages_read: int | None = None
        self._stream = AnswerStream(job, settings)
        self._asking: asyncio.Task[None] | None = None
        self._asks_with_images = False
        self._set_aside: SetAside | None = None
        self._is_reported = True  # nobody has been asked yet
        self._given_up: asyncio.Future[None] = self._loop.create_future()

    @property
    def is_open(self) -> bool:
        """Whether readers have its stream."""
        return self._states.is_open

    @property
    def claimed(self) -> bool:
        """Whether somebody runs or ran it, or it no longer needs to run."""
        return not self._states.is_unclaimed

    @property
    def stopped(self) -> bool:
        """Whether it was asked to end: it needs no turn for that."""
        return self._states.reason is not None

    def claim(self) -> bool:
        """Claim the right to run it. Returns True to the first caller only."""
        if not self._states.is_unclaimed:
            return False
        self._states.enter(GenerationState.ENDING if self.stopped else GenerationState.WRITING)
        return True

    def stop(self, reason: FinishReason) -> None:
        """End it, keeping the text so far; the first reason holds, an ended one is left alone."""
        if self._states.current is GenerationState.WAITING:
            self._states.enter(GenerationState.STOPPED, reason)
        elif self._states.current is GenerationState.WRITING and not self._has_answer():
            self._states.enter(GenerationState.ENDING, reason)
            self._end_asking()

    def supersede(self, end: ChatMessage | None) -> None:
        """End it: another node has committed its end. A last delta completes what readers have, if it can."""
        if self._states.is_closed:
            return
        self._stream.close()
        if self.is_open and end is not None and self._stream.text.end_as(end.text):
            self._stream.send(done=True, reason=finish_reason_of(end))
        self._states.enter(GenerationState.SUPERSEDED, "interrupted")
        self._end_asking()

    async def run(self, set_aside: SetAside | None = None) -> None:
        """Ask the provider, stream the answer and commit it. Raises only what the store raises.

        Others may write while it waits for a limit of the provider, within ``set_aside``.
        """
        self._set_aside = set_aside
        end = await self._ask()
        self._stream.close()
        if self._states.current is GenerationState.SUPERSEDED:
            return
        self._states.enter(GenerationState.STORING)
        try:
            await self._stream.checkpoints.settle()
            price = self._providers.price(self._stream.provider)
            message = final_message(
                self.job.answer,
                self._stream,
                end,
                self._loop.time(),
                price,
                messages_read=self._messages_read,
            )
            # Said to be done only when it is: another node may have ended it with less text.
            await self.job.conversation.finish_answer(message, lambda: self._finish(end.reason))
        finally:
            if not self._states.is_closed:
                self._states.enter(GenerationState.DONE)

    def open_stream(self) -> OpenStream:
        """Return the stream as a late joiner needs it: every later delta continues this text."""
        return self._stream.as_open()

    def _finish(self, reason: FinishReason) -> None:
        if self.is_open:  # else the store was away for so long that newcomers were not told of it
            try:
                self._stream.send(done=True, reason=reason)
            finally:
                self._states.enter(GenerationState.DONE)

    async def _ask(self) -> AnswerEnd:
        if not self.stopped:
            if self.job.answer.metadata.get("status") == "queued":
                self._stream.send()  # empty: its turn has come
            self._asking = asyncio.create_task(self._consume(), name="generation")
            await asyncio.wait({self._asking, self._given_up}, return_when=asyncio.FIRST_COMPLETED)
            if not self._asking.done():
                name = self._stream.provider
                _logger.warning("The provider %s did not end a stopped generation in time.", name)
                self._report(CANCELLED, None)
            elif self._states.reason is None and not self._asking.cancelled():
                return self._end_after(self._asking.exception())
        return AnswerEnd(self._states.reason or "interrupted")

    def _has_answer(self) -> bool:
        return self._asking is not None and self._asking.done()

    def _end_asking(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            # A provider that will not end does not keep the answer from ending.
            self._loop.call_later(self._settings.stop_timeout, self._give_up)

    def _give_up(self) -> None:
        if not self._given_up.done():
            self._given_up.set_result(None)

    async def _consume(self) -> None:
        """Read the provider's answer to its end, measure it, and report how it went."""
        options, stream = self.job.options, self._stream
        provider = self._providers.select(options.provider, options.model, failover=options.failover)
        stream.provider = provider.name
        request = await self._request(provider.context_tokens)
        # Of older ones it was said when they were new.
        self._asks_with_images = has_images(request.messages[-1:])
        stream.begin()
        self._observer.began()
        self._is_reported = False
        error_type, failure = CANCELLED, None
        try:
            async with contextlib.aclosing(provider.generate(request)) as chunks:
                async for chunk in chunks:
                    if self._states.reason is not None:
                        return
                    if chunk.failover is not None:
                        failed = self._failed_attempt(chunk.failover)
                        stream.fail_over(chunk.failover)
                        self._observer.failed_over(self.job, chunk.failover, failed)
                        continue
                    stream.add(chunk)
                    if stream.text.is_full:
                        stream.finish_reason = "length"
                        return
            error_type = ""
        except ProviderError as error:
            # Of several providers only the last one is judged here.
            error_type = error.type
            failure = error.__cause__ if isinstance(error.__cause__, ProviderError) else error
            raise
        except Exception:
            error_type = UNEXPECTED
            raise
        finally:
            self._report(error_type, failure)

    def _report(self, error_type: str, failure: ProviderError | None) -> None:
        """Report how it went, once: when the provider ends, or is given up."""
        if not self._is_reported:
            self._is_reported = True
            self._observer.ended(self._outcome(error_type, failure))

    async def _prompt(self, context_tokens: int | None, text: str = "") -> list[PromptMessage]:
        """Return what a provider reads; ``text`` needs room, too: the beginning of its answer."""
        options, settings = self.job.options, self._settings
        wishes = (options.system_prompt, self.job.conversation.system_prompt, settings.system_prompt)
        prompt = next(wish for wish in wishes if wish is not None)
        room = context_tokens or settings.default_context_tokens
        prompted = await read_prompt(
            self.job.conversation.ancestors,
            self.job.answer.id,
            system_prompt=prompt,
            context_tokens=max(room - estimate_tokens(text), room // 4),
            max_tokens=options.parameters.max_tokens,
            max_messages=settings.max_history_page,
            attach=self._attach,
        )
        self._messages_read = None if prompted.is_whole else prompted.read
        return prompted.messages

    async def _request(self, context_tokens: int | None) -> GenerationRequest:
        options = self.job.options
        return GenerationRequest(
            messages=await self._prompt(context_tokens),
            fit=self._prompt,
            model=options.model,
            parameters=options.parameters,
            cache_key=self.job.conversation.conversation_id,
            set_aside=self._set_aside,
        )

    def _end_after(self, error: BaseException | None) -> AnswerEnd:
        if error is not None:
            return end_by_error(error)
        stream = self._stream
        return end_of(
            stream.finish_reason,
            stream.provider,
            has_text=bool(stream.text.whole.strip()),
            has_reasoning=bool(stream.reasoning.whole.strip()),
            unseen=stream.unseen if self._asks_with_images else "",
        )

    def _failed_attempt(self, failover: Failover) -> GenerationOutcome | None:
        """Return how the provider did whose place another takes; None where none does: it is the last one."""
        if failover.target is None:
            return None
        outcome = self._outcome(failover.error_type, None)
        # How long the hub held its chunks back is told once, at the end of the answer.
        return msgspec.structs.replace(
            outcome, model=outcome.model or failover.source_model, flush_times=None, attempts=1
        )

    def _outcome(self, error_type: str, failure: ProviderError | None) -> GenerationOutcome:
        stream, speed = self._stream, self._stream.attempt
        return GenerationOutcome(
            provider=stream.provider,
            model=stream.model,
            requested_model=self.job.options.model,
            duration=speed.elapsed(self._loop.time()),
            time_to_first_token=speed.time_to_first_token,
            inter_token_latency=speed.inter_token_latency,
            chunk_times=speed.chunk_times,
            flush_times=stream.flush_times,
            prompt_tokens=speed.prompt_tokens,
            completion_tokens=speed.reported_tokens,
            finish_reason=stream.finish_reason,
            error=failure,
            error_type=error_type,
            attempts=stream.attempts,
        )
