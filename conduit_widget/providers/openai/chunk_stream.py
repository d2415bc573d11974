"""What a streamed chat completion means. Complete: a ``finish_reason`` was given, or ``[DONE]`` was sent."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from conduit_widget.errors import UNREADABLE
from conduit_widget.providers.http_api.answer_decoder import AnswerDecoder, decoded_raw, word_of
from conduit_widget.providers.openai import event_fields
from conduit_widget.providers.provider import Chunk, Usage

_ABSENT: Final = msgspec.Raw()


class _Delta(msgspec.Struct, frozen=True, gc=False):
    content: str | None = None
    # Two spellings of the same.
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[msgspec.Raw] | None = None


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


class ChunkStream(AnswerDecoder):
    """The state of one chat completion."""

    _usage: Any = None

    def decode(self, payload: bytes) -> Chunk | None:
        """Return what one payload adds to the answer, or None if it adds nothing."""
        try:
            event = _decoder.decode(payload)
            choice = event.choices[0]
        except (*UNREADABLE, IndexError):
            return self._decode_odd(payload)
        delta = choice.delta
        text = delta.content or ""
        reasoning = delta.reasoning_content or delta.reasoning or ""
        if not (text or reasoning) or delta.tool_calls or event.error is not _ABSENT:
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

    def _decode_event(self, value: Any) -> Chunk | None:
        event = event_fields.read_event(value)
        if event.error is not None:
            raise self._error(event.error)
        if not event.alive:
            self._keep_alive()
            return None
        self._alive()
        self._name(event.model)
        self._usage = event.usage or self._usage
        for piece in event.tool_calls:
            self._tool_calls.add(*piece)
        text, reasoning = self._joined(event.text, event.reasoning)
        chunk = self._chunk(text, reasoning) if event.text or event.reasoning else None
        self._finish(word_of(event.finish_reason))
        return chunk

    def _read_usage(self) -> Usage | None:
        return event_fields.usage_of(decoded_raw(self._usage))
