"""What a streamed chat completion means: payloads in, text out, and whether the answer is complete.

No I/O and no clock. Complete means: a ``finish_reason`` was given, or ``[DONE]`` was sent.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from conduit_widget.errors import UNREADABLE
from conduit_widget.providers import failures
from conduit_widget.providers.provider import Chunk, Usage

_DONE: Final = b"[DONE]"


class _Delta(msgspec.Struct, frozen=True):
    content: str | None = None
    # Two spellings of the same: thinking is life, not answer.
    reasoning_content: str | None = None
    reasoning: Any = None


class _Choice(msgspec.Struct, frozen=True):
    delta: _Delta = _Delta()
    finish_reason: str | None = None


class _Usage(msgspec.Struct, frozen=True):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Event(msgspec.Struct, frozen=True):
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None


_decoder: Final = msgspec.json.Decoder(_Event)


class CompletionStream:
    """The state of one answer. ``began``: a delta came; ``ended``: ``[DONE]`` came."""

    def __init__(self, provider: str, model: str, *, key_hint: str) -> None:
        self.model = model
        self.began = False
        self.ended = False
        self._provider = provider
        self._key_hint = key_hint
        self._finish_reason: str | None = None
        self._usage: Usage | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing of the answer's text can be missing."""
        return self._finish_reason is not None

    def take(self, payload: bytes) -> str:
        """Return the text of one payload, often empty.

        Raises:
            ProviderError: the payload cannot be read, or the provider reports an error in it.

        """
        if payload == _DONE:
            self.ended = True
            self._finish_reason = self._finish_reason or "stop"
            return ""
        try:
            event = _decoder.decode(payload)
        except UNREADABLE as error:
            raise failures.malformed(self._provider) from error
        if event.error is not None:
            raise self._error(event.error)
        self.model = event.model or self.model
        if event.usage is not None:
            self._usage = Usage(event.usage.prompt_tokens, event.usage.completion_tokens)
        if not event.choices:
            return ""
        choice = event.choices[0]
        if choice.finish_reason:
            self._finish_reason = choice.finish_reason
        delta = choice.delta
        if delta.content or delta.reasoning_content or delta.reasoning:
            self.began = True
        return delta.content or ""

    def last_chunk(self) -> Chunk:
        """Return the chunk that ends the generation: finish reason and usage.

        Raises:
            ProviderError: the answer is truncated.

        """
        if self._finish_reason is None:
            raise failures.truncated(self._provider)
        return Chunk("", self.model, self._finish_reason, self._usage)

    def _error(self, error: Any) -> Exception:
        status = error.get("code") if isinstance(error, dict) else None
        if not isinstance(status, int) or not 400 <= status < 600:
            status = 500
        return failures.refused(
            self._provider, status, failures.error_body(error), model=self.model, key_hint=self._key_hint
        )
