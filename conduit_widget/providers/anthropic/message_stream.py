"""What a stream of the Messages API means. Complete: a stop reason was given, or ``message_stop`` came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from conduit_widget.errors import UNREADABLE
from conduit_widget.providers import failures
from conduit_widget.providers.http_api.answer_decoder import AnswerDecoder, count_of, word_of
from conduit_widget.providers.provider import Chunk, Usage
from conduit_widget.providers.reading.error_bodies import error_in, reports_error
from conduit_widget.providers.reading.provider_words import ProviderWords

# In the words that every kind of provider uses. Others are passed on: ``refusal``, ``pause_turn``, …
_FINISH_REASONS: Final = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
}
_COUNTS: Final = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
_BETWEEN_THOUGHTS: Final = "\n\n"


class _Delta(msgspec.Struct, frozen=True, gc=False):
    text: str = ""
    thinking: str = ""


class _TextEvent(msgspec.Struct, frozen=True, gc=False):
    """The usual event: some text, or some thinking."""

    type: Literal["content_block_delta"]
    delta: _Delta


_decoder: Final = msgspec.json.Decoder(_TextEvent)


class MessageStream(AnswerDecoder):
    """The state of one message. ``cut_off`` are blanks that the prompt's last text went without."""

    def __init__(
        self,
        provider: str,
        model: str,
        *,
        key_hint: str,
        words: ProviderWords | None = None,
        cut_off: str = "",
    ) -> None:
        super().__init__(provider, model, key_hint=key_hint, words=words)
        self._cut_off = cut_off
        self._counts: dict[str, int] = {}
        self._has_thought = False

    def decode(self, payload: bytes) -> Chunk | None:
        """Return what one payload adds to the answer, or None if it adds nothing."""
        try:
            delta = _decoder.decode(payload).delta
        except UNREADABLE:
            return self._decode_odd(payload)
        text, reasoning = delta.text, delta.thinking
        if not (text or reasoning):
            return self._decode_odd(payload)
        self._keep_alives = 0
        if self._flowing and not reasoning:
            return Chunk(text, self.model)
        if self._holds_half:
            text, reasoning = self._joined(text, reasoning)
        return self._chunk(text, reasoning)

    def _decode_event(self, value: Any) -> Chunk | None:
        event = _mapping(value[0] if isinstance(value, list) and value else value)
        if reports_error(event):
            raise self._error(error_in(event))
        kind = event.get("type")
        match kind:
            case "content_block_start":
                return self._add_block(event.get("index"), _mapping(event.get("content_block")))
            case "content_block_delta":
                return self._add_delta(event.get("index"), _mapping(event.get("delta")))
            case "message_start":
                return self._add_message(_mapping(event.get("message")))
            case "message":
                return self._add_message(event)
            case "message_delta":
                self._alive()
                self._count(event.get("usage"))
                self._finish_as(_mapping(event.get("delta")).get("stop_reason"))
            case "message_stop":
                self._alive()
                self.ended = True
                if not self.complete:
                    self._finish("stop")
            case "content_block_stop":
                self._alive()
            case _ if "choices" in event:  # of another API
                raise failures.malformed(self._provider)
            case _:  # a ping, or an event of a later version
                self._keep_alive()
        return None

    def _read_usage(self) -> Usage | None:
        counts = self._counts
        prompt, completion = counts.get("input_tokens"), counts.get("output_tokens")
        if prompt is None and completion is None:
            return None
        read, written = counts.get("cache_read_input_tokens"), counts.get("cache_creation_input_tokens")
        if prompt is not None:
            prompt += (read or 0) + (written or 0)
        return Usage(prompt, completion, read, written)

    def _chunk(self, text: str, reasoning: str) -> Chunk | None:
        if text and self._cut_off:
            text = self._without_cut_off(text)
        chunk = super()._chunk(text, reasoning)
        if self._cut_off:
            self._flowing = False
        return chunk

    def _without_cut_off(self, text: str) -> str:
        """Return text without the blanks that the text before it has already."""
        while text and self._cut_off and text[0] == self._cut_off[0]:
            text, self._cut_off = text[1:], self._cut_off[1:]
        if text:
            self._cut_off = ""
        return text

    def _add_message(self, message: Mapping[str, Any]) -> Chunk | None:
        self._alive()
        self._name(message.get("model"))
        self._count(message.get("usage"))
        content = message.get("content")
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        text, reasoning = "", ""
        for place, block in enumerate(blocks):
            if (chunk := self._add_block(place, _mapping(block))) is not None:
                text, reasoning = text + chunk.text, reasoning + chunk.reasoning
        self._finish_as(message.get("stop_reason"))
        return Chunk(text, self.model, reasoning=reasoning) if text or reasoning else None

    def _add_block(self, index: Any, block: Mapping[str, Any]) -> Chunk | None:
        self._alive()
        reasoning = _string(block.get("thinking"))
        if block.get("type") == "tool_use":
            self._tool_calls.add(_key(index), block.get("id"), block.get("name"), block.get("input"))
        elif block.get("type") == "thinking":
            reasoning = _BETWEEN_THOUGHTS * self._has_thought + reasoning
            self._has_thought = True
        return self._add_text(_string(block.get("text")), reasoning)

    def _add_delta(self, index: Any, delta: Mapping[str, Any]) -> Chunk | None:
        self._alive()
        if (piece := delta.get("partial_json")) is not None and _key(index) in self._tool_calls:
            self._tool_calls.add(_key(index), None, None, piece)
        return self._add_text(_string(delta.get("text")), _string(delta.get("thinking")))

    def _add_text(self, text: str, reasoning: str) -> Chunk | None:
        if not (text or reasoning):
            return None
        return self._chunk(*self._joined(text, reasoning))

    def _count(self, usage: Any) -> None:
        """Remember counts; they only grow, and a later event may know less."""
        for name in _COUNTS:
            count = count_of(_mapping(usage).get(name))
            if count is not None:
                self._counts[name] = max(count, self._counts.get(name, 0))

    def _finish_as(self, stop_reason: Any) -> None:
        word = word_of(stop_reason)
        self._finish(_FINISH_REASONS.get(word, word))


def _key(index: Any) -> int:
    return index if isinstance(index, int) else -1


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
