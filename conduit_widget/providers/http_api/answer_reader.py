"""From an answer's bytes to its chunks: an event stream, or one JSON text where a server does not stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conduit_widget.errors import ProviderError
from conduit_widget.event_stream import MAX_EVENT_BYTES, EventTooLargeError
from conduit_widget.providers import failures
from conduit_widget.providers.http_api.answer_decoder import AnswerDecoder
from conduit_widget.providers.http_api.event_decoder import JsonEventDecoder
from conduit_widget.providers.provider import Chunk

_BEFORE: Final = b" \t\r\n\xef\xbb\xbf"


class AnswerReader:
    """Feeds ``answer``. The first character, not the content type, says what kind of answer it is."""

    def __init__(self, provider: str, answer: AnswerDecoder) -> None:
        self._provider = provider
        self._answer = answer
        self._start = bytearray()
        self._events: JsonEventDecoder | None = None
        self._is_whole = False

    def feed(self, piece: bytes) -> Iterator[Chunk]:
        """Yield what the next bytes bring.

        Raises:
            ProviderError: what came is no answer, or an error of the provider.

        """
        if self._events is None:
            self._start += piece
            if len(self._start) > MAX_EVENT_BYTES:
                raise failures.malformed(self._provider)
            if self._is_whole or not self._knows_kind():
                return
            piece, self._events = bytes(self._start), JsonEventDecoder()
        try:
            payloads = self._events.feed(piece)
        except EventTooLargeError as error:
            raise failures.malformed(self._provider) from error
        for payload in payloads:
            chunk = self._answer.decode(payload)
            if chunk is not None:
                yield chunk
            if self._answer.ended:
                return

    def end(self) -> Iterator[Chunk]:
        """Yield what is left at the end of the bytes: always the chunk that ends the generation.

        Raises:
            ProviderError: the answer is cut or none, or an error of the provider.

        """
        if self._is_whole:
            yield from self._answer.decode_whole(bytes(self._start))
        elif self._events is not None and not self._answer.ended:
            yield from self._last_chunks()
        if (rest := self._answer.rest()) is not None:
            yield rest
        yield self._answer.last_chunk()

    def _knows_kind(self) -> bool:
        """Look at the first character; True for events, False for a whole text or while nothing came.

        Raises:
            ProviderError: it is a web page.

        """
        start = self._start.lstrip(_BEFORE)
        if start.startswith(b"<"):
            raise failures.malformed(self._provider)
        self._is_whole = start.startswith((b"{", b"["))
        return bool(start) and not self._is_whole

    def _last_chunks(self) -> Iterator[Chunk]:
        """Yield the chunks of a last event without its blank line. If it is malformed, the answer was cut."""
        try:
            yield from self.feed(b"\n\n")
        except ProviderError as error:
            if self._answer.began and error.code == failures.MALFORMED:
                raise failures.truncated(self._provider) from error
            raise
