"""What a streamed chat completion means: payloads in, text and reasoning out, and whether it is complete.

No I/O and no clock. Complete means: a ``finish_reason`` was given, or ``[DONE]`` was sent. An odd payload
never costs the answer: what is not needed is not looked at, what is of a wrong type is as if it were missing.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from conduit_widget.errors import UNREADABLE, ProviderError
from conduit_widget.providers import failures, lenient_json
from conduit_widget.providers.error_bodies import error_body
from conduit_widget.providers.openai import event_fields
from conduit_widget.providers.openai.event_decoder import DONE
from conduit_widget.providers.openai.reasoning_text import SurrogateJoiner, ThinkingTags
from conduit_widget.providers.provider import Chunk, Usage
from conduit_widget.providers.provider_words import ProviderWords

MAX_KEEP_ALIVES: Final = 1000
"""Events in a row that say nothing; more are no answer. At one a second that is a quarter of an hour."""

_BOM: Final = b"\xef\xbb\xbf"
_ABSENT: Final = msgspec.Raw()
_FAILURES: Final = frozenset({"error", "network_error"})


class _Delta(msgspec.Struct, frozen=True, gc=False):
    content: str | None = None
    # Two spellings of the same.
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(msgspec.Struct, frozen=True, gc=False):
    delta: _Delta
    finish_reason: str | None = None


class _Event(msgspec.Struct, frozen=True, gc=False):
    """The usual event: some text. Every other goes through :mod:`event_fields`."""

    choices: list[_Choice]
    model: str | None = None
    usage: msgspec.Raw = _ABSENT
    error: msgspec.Raw = _ABSENT


_decoder: Final = msgspec.json.Decoder(_Event)


class ChunkStream:
    """The state of one answer.

    ``began``: a delta came; ``complete``: nothing of the text can be missing; ``ended``: ``[DONE]`` came.
    """

    def __init__(
        self, provider: str, model: str, *, key_hint: str, words: ProviderWords | None = None
    ) -> None:
        self.model = model
        self.began = False
        self.complete = False
        self.ended = False
        self._provider = provider
        self._key_hint = key_hint
        self._words = words or ProviderWords()
        self._said_model: Any = None
        self._finish_reason: str | None = None
        self._usage: Any = None
        self._calls_tools = False
        self._understood = False
        self._keep_alives = 0
        self._tags = ThinkingTags()
        self._text_joiner = SurrogateJoiner()
        self._reasoning_joiner = SurrogateJoiner()
        self._holds_half = False
        self._flowing = False  # nothing waits: text is passed on as it comes

    def decode(self, payload: bytes) -> Chunk | None:
        """Return what one payload adds to the answer, or None if it adds nothing.

        Raises:
            ProviderError: the payload cannot be read, or the provider reports an error in it.

        """
        try:
            event = _decoder.decode(payload)
            choice = event.choices[0]
        except (*UNREADABLE, IndexError):
            return self._decode_odd(payload)
        delta = choice.delta
        text = delta.content or ""
        reasoning = delta.reasoning_content or delta.reasoning or ""
        if not (text or reasoning) or event.error is not _ABSENT:
            return self._decode_odd(payload)
        if event.model != self._said_model:
            self._name(event.model)
        if event.usage is not _ABSENT:
            self._usage = event.usage
        if choice.finish_reason:
            self._finish(choice.finish_reason)
        self._keep_alives = 0
        if self._flowing and not reasoning:
            return Chunk(text, self.model)
        if self._holds_half:
            text, reasoning = self._joined(text, reasoning)
        return self._chunk(text, reasoning)

    def decode_whole(self, body: bytes) -> list[Chunk]:
        """Return the pieces of an answer that came whole, or as one event a line.

        Raises:
            ProviderError: it cannot be read, or the provider reports an error in it.

        """
        try:
            chunks = [self._decode_event(lenient_json.decode(body))]
            self.ended = True
            self._finish_reason = self._finish_reason or "stop"
            self.complete = True
        except ValueError:
            chunks = [self.decode(line) for line in body.splitlines() if line.strip()]
        return [chunk for chunk in chunks if chunk is not None]

    def rest(self) -> Chunk | None:
        """Return what still waits for more text, at the end of the stream."""
        reasoning, text = self._tags.rest()
        text += self._text_joiner.rest()
        reasoning += self._reasoning_joiner.rest()
        return Chunk(text, self.model, reasoning=reasoning) if text or reasoning else None

    def last_chunk(self) -> Chunk:
        """Return the chunk that ends the generation: finish reason and usage.

        Raises:
            ProviderError: the answer is truncated, or nothing of it was an answer.

        """
        if not self._understood:
            raise failures.malformed(self._provider)
        if self._finish_reason is None:
            raise failures.truncated(self._provider)
        return Chunk("", self.model, self._finish_reason, self._read_usage())

    def _decode_odd(self, payload: bytes) -> Chunk | None:
        """Decode an unusual payload: an end, a sign of life, a dialect, or no event at all."""
        payload = payload.strip().removeprefix(_BOM)
        if payload == DONE:
            self.ended = self._understood = True
            self._finish(("tool_calls" if self._calls_tools else "stop") if not self.complete else "")
            return None
        if not payload.startswith((b"{", b"[{")):
            self._keep_alive()
            return None
        try:
            value = lenient_json.decode(payload)
        except ValueError as error:
            raise failures.malformed(self._provider) from error
        return self._decode_event(value)

    def _decode_event(self, value: Any) -> Chunk | None:
        event = event_fields.read_event(value)
        if event.error is not None:
            raise self._error(event.error)
        if not event.alive:
            self._keep_alive()
            return None
        self._keep_alives = 0
        self._understood = True
        self._name(event.model)
        self._usage = event.usage or self._usage
        self._calls_tools = self._calls_tools or event.calls_tools
        text, reasoning = self._joined(event.text, event.reasoning)
        chunk = self._chunk(text, reasoning) if event.text or event.reasoning else None
        self._finish(event_fields.finish_reason_of(event.finish_reason))
        return chunk

    def _chunk(self, text: str, reasoning: str) -> Chunk | None:
        self.began = self._understood = True
        if text and not self._tags.settled:
            thought, text = self._tags.split(text)
            reasoning += thought
        self._flowing = self._tags.settled and not self._holds_half
        return Chunk(text, self.model, reasoning=reasoning) if text or reasoning else None

    def _joined(self, text: str, reasoning: str) -> tuple[str, str]:
        joined = self._text_joiner.join(text), self._reasoning_joiner.join(reasoning)
        self._holds_half = self._text_joiner.holds or self._reasoning_joiner.holds
        return joined

    def _finish(self, reason: str) -> None:
        """Record why the answer ended.

        Raises:
            ProviderError: it ended by a failure of the provider.

        """
        if not reason:
            return
        if reason in _FAILURES:
            raise self._error({"code": reason})
        if reason == "stop" and self._calls_tools:
            reason = "tool_calls"
        self._finish_reason = self._words.code(reason) or "unknown"
        self.complete = True

    def _keep_alive(self) -> None:
        self._keep_alives += 1
        if self._keep_alives > MAX_KEEP_ALIVES:
            raise failures.malformed(self._provider)

    def _name(self, model: Any) -> None:
        self._said_model = model
        self.model = self._words.name(model) or self.model

    def _read_usage(self) -> Usage | None:
        usage = self._usage
        if isinstance(usage, msgspec.Raw):
            try:
                usage = lenient_json.decode(bytes(usage))
            except ValueError:
                usage = None
        return event_fields.usage_of(usage)

    def _error(self, error: Any) -> ProviderError:
        problem = error_body(error, self._words)
        status = problem.status or failures.status_of(problem.code)
        return failures.refused(self._provider, status, problem, model=self.model, key_hint=self._key_hint)
