"""What is alike in the answers of all APIs: payloads in, text and reasoning out, and whether it is complete.

No I/O and no clock. An odd payload never costs the answer: what is not needed is not looked at, what is of a
wrong type is as if it were missing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.http_api.event_decoder import DONE
from conduit_widget.providers.http_api.reasoning_text import SurrogateJoiner, ThinkingTags
from conduit_widget.providers.http_api.tool_calls import ToolCallCollector
from conduit_widget.providers.provider import Chunk, Usage
from conduit_widget.providers.reading import lenient_json
from conduit_widget.providers.reading.error_bodies import error_body
from conduit_widget.providers.reading.provider_words import ProviderWords

MAX_KEEP_ALIVES: Final = 1000
"""Events in a row that say nothing; more are no answer. At one a second that is a quarter of an hour."""
MAX_COUNT: Final = 2**53 - 1
"""The largest count every JSON reader keeps exactly."""

_BOM: Final = b"\xef\xbb\xbf"
_FAILURES: Final = frozenset({"error", "network_error"})


class AnswerDecoder(ABC):
    """The state of one answer.

    ``began``: a delta came; ``complete``: nothing of the text can be missing; ``ended``: nothing follows.
    ``stated_limits`` are headers of limits, where an error in the stream states some.
    """

    def __init__(
        self, provider: str, model: str, *, key_hint: str, words: ProviderWords | None = None
    ) -> None:
        self.model = model
        self.began = False
        self.complete = False
        self.ended = False
        self.stated_limits: Mapping[str, str] = {}
        self._provider = provider
        self._key_hint = key_hint
        self._words = words or ProviderWords()
        self._said_model: Any = None
        self._finish_reason: str | None = None
        self._tool_calls = ToolCallCollector(self._words)
        self._understood = False
        self._keep_alives = 0
        self._tags = ThinkingTags()
        self._text_joiner = SurrogateJoiner()
        self._reasoning_joiner = SurrogateJoiner()
        self._holds_half = False
        self._flowing = False  # nothing waits: text is passed on as it comes

    @abstractmethod
    def decode(self, payload: bytes) -> Chunk | None:
        """Return what one payload adds to the answer, or None if it adds nothing.

        Raises:
            ProviderError: the payload cannot be read, or the provider reports an error in it.

        """

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
        """Return the chunk that ends the generation: finish reason, usage and tool calls.

        Raises:
            ProviderError: the answer is truncated, or nothing of it was an answer.

        """
        if not self._understood:
            raise failures.malformed(self._provider)
        if self._finish_reason is None:
            raise failures.truncated(self._provider)
        return Chunk(
            "", self.model, self._finish_reason, self._read_usage(), tool_calls=self._tool_calls.calls()
        )

    @abstractmethod
    def _decode_event(self, value: Any) -> Chunk | None:
        """Decode an event, or a whole answer, of any shape."""

    @abstractmethod
    def _read_usage(self) -> Usage | None:
        """Return the counts that were reported."""

    def _decode_odd(self, payload: bytes) -> Chunk | None:
        """Decode an unusual payload: an end, a sign of life, a dialect, or no event at all."""
        payload = payload.strip().removeprefix(_BOM)
        if payload == DONE:
            self.ended = self._understood = True
            self._finish(("tool_calls" if self._tool_calls else "stop") if not self.complete else "")
            return None
        if not payload.startswith((b"{", b"[{")):
            self._keep_alive()
            return None
        try:
            value = lenient_json.decode(payload)
        except ValueError as error:
            raise failures.malformed(self._provider) from error
        return self._decode_event(value)

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

    def _alive(self) -> None:
        self._keep_alives = 0
        self._understood = True

    def _finish(self, reason: str) -> None:
        """Record why the answer ended.

        Raises:
            ProviderError: it ended by a failure of the provider.

        """
        if not reason:
            return
        if reason in _FAILURES:
            raise self._error({"code": reason})
        if reason == "stop" and self._tool_calls:
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

    def _error(self, error: Any) -> ProviderError:
        problem = error_body(error, self._words)
        self.stated_limits = problem.headers
        status = problem.status or failures.status_of(problem.code)
        return failures.refused(self._provider, status, problem, model=self.model, key_hint=self._key_hint)


def decoded_raw(value: Any) -> Any:
    """Return the value of a part of an event that was put aside undecoded, None where it is no JSON."""
    if not isinstance(value, msgspec.Raw):
        return value
    try:
        return lenient_json.decode(bytes(value))
    except ValueError:
        return None


def count_of(value: Any) -> int | None:
    """Return a count of tokens; a value that cannot be one is None."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MAX_COUNT else None


def word_of(value: Any) -> str:
    """Return the word for an answer's end, empty while it goes on, ``unknown`` for anything but a word."""
    if isinstance(value, dict):
        value = value.get("type")
    if isinstance(value, str):
        return value.strip()
    return "unknown" if value else ""
