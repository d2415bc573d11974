"""A provider that stands for several: when one fails, the next one answers, or goes on with the answer.

Until readers have seen text the next provider simply answers. After that it is given the text so far, and
goes on where it ends, or nobody does: as the policy says. A request that is at fault itself (refused as such,
too long) goes to nobody else.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Final

import msgspec

from conduit_widget.errors import ProviderError, trace_of
from conduit_widget.providers import failures
from conduit_widget.providers.failover.breaker import Permit
from conduit_widget.providers.failover.health import ProviderHealth
from conduit_widget.providers.failover.policy import FailoverPolicy
from conduit_widget.providers.failover.seam import RestartedError, Seam, last_words
from conduit_widget.providers.images import has_images
from conduit_widget.providers.provider import Chunk, Failover, GenerationRequest, PromptMessage, Provider

_logger = logging.getLogger(__name__)

GO_ON: Final = (
    "Your answer above was cut off. Go on with it from exactly where it ends, in the same language and "
    "format. Begin by repeating its last words, «{words}», then write what follows. Do not start again and "
    "do not comment on this."
)
"""What a provider is told that cannot be given the beginning of its own answer."""


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """A provider that may answer.

    ``prefills``: it goes on with a text that is the last message. ``reads_images``: whether its models do,
    None where nobody has said. A question with one goes to who does, else to who may.
    """

    provider: Provider
    health: ProviderHealth
    prefills: bool = False
    reads_images: bool | None = None

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.provider.name


class Router:
    """Asks the candidates in their order; those whose breaker is open only when no other is left at first.

    The candidate that answers in the end is judged by whoever reads the chunks; what the others did is told
    to their health here. Each one is asked once, or once more by instruction where it does not accept the
    text so far.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        policy: FailoverPolicy,
        *,
        is_named: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._candidates = tuple(candidates)
        self._is_named = is_named
        self._policy = policy
        self._clock = clock
        self.name = self._candidates[0].name
        self.context_tokens = self._candidates[0].provider.context_tokens

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Stream one answer. A chunk with ``failover`` stands where one provider failed.

        Raises:
            ProviderError: no provider could answer, or none may go on.

        """
        able = _able(self._candidates, request, is_named=self._is_named)
        route = _Route(self._candidates, able, self._policy, request, self._clock)
        try:
            attempt = route.first()
            if attempt.candidate.name != self.name:
                yield Chunk("", "", provider=attempt.candidate.name)
            while True:
                try:
                    async with aclosing(route.chunks(attempt)) as chunks:
                        async for chunk in chunks:
                            yield chunk
                except ProviderError as error:
                    failure = error
                except Exception as error:  # noqa: BLE001 - whatever a package's provider does, another may answer
                    _logger.error("Provider %s failed: %s", attempt.candidate.name, trace_of(error))  # noqa: TRY400
                    failure = failures.unexpected(attempt.candidate.name)
                else:
                    return
                following = route.after(attempt, failure)
                notice = route.notice(attempt, following, failure)
                if notice is not None:
                    yield Chunk("", "", provider=notice.target or "", failover=notice)
                if following is None:
                    raise route.last_error(failure) from failure
                attempt = following
        finally:
            route.release()  # also where the reader leaves between two attempts

    async def models(self) -> list[str]:
        """Return the models of the first candidate."""
        return await self._candidates[0].provider.models()

    async def start(self) -> None:
        """Make the first candidate ready."""
        await self._candidates[0].provider.start()

    async def aclose(self) -> None:
        """Do nothing: the candidates belong to the directory."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Attempt:
    """One candidate asked once; ``text`` is the beginning of the answer it goes on with."""

    candidate: Candidate
    model: str | None
    text: str = ""
    by_instruction: bool = False


class _Route:
    """One answer's way over the candidates."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        able: list[Candidate],
        policy: FailoverPolicy,
        request: GenerationRequest,
        clock: Callable[[], float],
    ) -> None:
        self._policy = policy
        self._request = request
        self._clock = clock
        self._several = len(candidates) > 1
        self._left = able
        self._preferred = candidates[0]
        self._attempts = 0
        self._text: list[str] = []
        self._has_text = False
        self._has_reasoning = False
        self._last_text_at = clock()
        self._failed: list[tuple[str, ProviderError]] = []
        self._permit: Permit | None = None  # of who is asked now; without one somebody has to find out

    def first(self) -> _Attempt:
        """Return the first attempt: of the first candidate whose breaker admits it, else of the first."""
        return self._attempt(self._next_candidate() or self._left[0])

    def release(self) -> None:
        """Nobody is asked any more: the breaker of who was may let others in."""
        if self._permit is not None:
            self._permit.release()
            self._permit = None

    async def chunks(self, attempt: _Attempt) -> AsyncGenerator[Chunk, None]:
        """Stream what an attempt adds to the answer."""
        request = await self._request_of(attempt)
        seam = Seam(attempt.text, whole_words=attempt.by_instruction)
        thought_before, note = self._has_reasoning, self._text.append
        async with aclosing(attempt.candidate.provider.generate(request)) as chunks:
            async for said in chunks:
                chunk = said
                if chunk.reasoning:
                    if thought_before:
                        thought_before = False
                        chunk = msgspec.structs.replace(chunk, reasoning=f"\n\n{chunk.reasoning}")
                    self._has_reasoning = True
                if not seam.is_joined:
                    chunk = msgspec.structs.replace(chunk, text=self._joined(attempt, seam, chunk))
                if chunk.text:
                    note(chunk.text)
                    self._last_text_at = self._clock()
                    if not self._has_text:
                        self._has_text = not chunk.text.isspace()
                yield chunk
            if rest := seam.end():
                note(rest)
                yield Chunk(rest, "")

    def _joined(self, attempt: _Attempt, seam: Seam, chunk: Chunk) -> str:
        try:
            text = seam.feed(chunk.text)
        except RestartedError:
            raise failures.restarted(attempt.candidate.name) from None
        return text + seam.end() if chunk.finish_reason is not None else text

    def after(self, attempt: _Attempt, failure: ProviderError) -> _Attempt | None:
        """Return the attempt that follows a failed one, whose provider is judged now; or None."""
        text = "".join(self._text)
        self._text = [text] if text else []
        by_instruction = attempt.text == text and self._may_instruct(attempt, failure)
        following = None
        if by_instruction or self._may_go_on(failure):
            following = self._following(attempt, text, failure, by_instruction=by_instruction)
        if following is not None and not by_instruction:
            attempt.candidate.health.record_failure(failure)
            self._failed.append((attempt.candidate.name, failure))
        return following

    def notice(
        self, attempt: _Attempt, following: _Attempt | None, failure: ProviderError
    ) -> Failover | None:
        """Return what people are told of a switch, or of one that cannot be; None where there is no such."""
        if not self._several or failures.is_requests_fault(failure):
            return None
        source, middle = attempt.candidate.name, self._has_text
        if following is not None and following.candidate is attempt.candidate:
            return None
        what = "failed in the middle of the answer" if middle else "gave no answer"
        if following is not None:
            then = f"{following.candidate.name} {'goes on' if middle else 'answers instead'}."
        elif middle and self._policy.policy == "stop":
            then = "it ends here, as the hub is set."
        else:
            then = "no other provider could take over."
        return Failover(
            source=source,
            source_model=_model_of(attempt),
            target=None if following is None else following.candidate.name,
            target_model="" if following is None else _model_of(following),
            reason=failure.code or failure.type,
            error_type=failure.type,
            text=f"{source} {what}; {then}",
            mid_stream=middle,
            policy=self._policy.policy,
        )

    def last_error(self, failure: ProviderError) -> ProviderError:
        """Return the error of an answer that nobody ended: the last one's, which also names those before."""
        before = ", ".join(f"{name} ({_why(error)})" for name, error in self._failed)
        return ProviderError(
            f"{failure} Nor could: {before}." if before else str(failure),
            type=failure.type,
            code=failure.code,
            status_code=failure.status_code,
            retry_after=failure.retry_after,
            recoverable=failure.recoverable or any(error.recoverable for _, error in self._failed),
            suggestions=failure.suggestions,
        )

    def _may_instruct(self, attempt: _Attempt, failure: ProviderError) -> bool:
        """Whether a provider that did not go on with a prefilled text may go on when it is told to."""
        if not attempt.text or attempt.by_instruction:
            return False
        return failures.is_requests_fault(failure) or failure.code == failures.RESTARTED

    def _may_go_on(self, failure: ProviderError) -> bool:
        if failures.is_requests_fault(failure):
            return False
        return self._policy.policy == "continue" or not self._has_text

    def _following(
        self, attempt: _Attempt, text: str, failure: ProviderError, *, by_instruction: bool
    ) -> _Attempt | None:
        waited = self._clock() - self._last_text_at
        if self._attempts >= self._policy.attempts or waited > self._policy.seconds:
            return None
        if by_instruction:
            return self._attempt(attempt.candidate, text, by_instruction=True)
        wanted = self._request.model if failure.type == "model_not_found" else None
        candidate = self._next_candidate(wanted)
        if candidate is None:
            return None
        return self._attempt(candidate, text, by_instruction=not candidate.prefills)

    def _attempt(
        self,
        candidate: Candidate,
        text: str = "",
        *,
        by_instruction: bool = False,
    ) -> _Attempt:
        if candidate in self._left:
            self._left.remove(candidate)
        self._attempts += 1
        listed = candidate.health.status.models
        model = self._request.model
        if candidate is not self._preferred and model not in listed:
            model = None
        return _Attempt(candidate, model, text if self._has_text else "", by_instruction)

    def _next_candidate(self, model: str | None = None) -> Candidate | None:
        able = [one for one in self._left if model is None or model in one.health.status.models]
        # Whose limit is used up would only say so.
        able.sort(key=lambda one: one.health.limits.would_refuse(self._request) is not None)
        self.release()
        for one in able:
            self._permit = one.health.breaker.admit()
            if self._permit is not None:
                return one
        return None

    async def _request_of(self, attempt: _Attempt) -> GenerationRequest:
        request, text = self._request, attempt.text
        messages = request.messages
        room, most = attempt.candidate.provider.context_tokens, self._preferred.provider.context_tokens
        if request.fit is not None and room is not None and (text or most is None or room < most):
            messages = await request.fit(room, text)
        if text:
            messages = [*messages, PromptMessage("assistant", text.rstrip())]
            if attempt.by_instruction:
                messages.append(PromptMessage("user", GO_ON.format(words=last_words(text))))
        return msgspec.structs.replace(request, messages=messages, model=attempt.model)


def _able(candidates: Sequence[Candidate], request: GenerationRequest, *, is_named: bool) -> list[Candidate]:
    """Return the candidates that can read what the request holds; all of them where none can.

    Who is known to comes before who may; only a provider that the question names keeps its place.
    """
    able = list(candidates)
    if has_images(request.messages) and any(one.reads_images is not False for one in able):
        able = [one for one in able if one.reads_images is not False]
        named = candidates[0] if is_named else None
        able.sort(key=lambda one: one is not named and not one.reads_images)
    return able


def _model_of(attempt: _Attempt) -> str:
    listed = attempt.candidate.health.status.models
    return attempt.model or (listed[0] if listed else "")


def _why(error: ProviderError) -> str:
    return f"HTTP {error.status_code}" if error.status_code else (error.code or error.type).replace("_", " ")
