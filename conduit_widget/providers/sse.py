"""Server-sent events as chat completions use them: bytes in, ``data`` payloads out.

Only ``data`` matters here; event names, ids and comments are skipped (WHATWG HTML, section 9.2.6). The
payload stays bytes so that JSON is decoded from it directly.
"""

from __future__ import annotations

from typing import Final

MAX_EVENT_BYTES: Final = 1024 * 1024


class EventTooLargeError(ValueError):
    """An event grew over :data:`MAX_EVENT_BYTES` without ending."""


class EventDataDecoder:
    """Incremental decoder, indifferent to where the bytes are split."""

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._buffer = b""
        self._data: list[bytes] = []
        self._data_bytes = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Return the payloads of the events completed by ``data``.

        Raises:
            EventTooLargeError: an event exceeds the limit.

        """
        buffer = self._buffer + data
        if b"\r" in buffer:
            # A trailing CR may be half of a CRLF: keep it for the next call.
            kept = b"\r" if buffer.endswith(b"\r") else b""
            buffer = buffer[: len(buffer) - len(kept)].replace(b"\r\n", b"\n").replace(b"\r", b"\n") + kept
        *lines, self._buffer = buffer.split(b"\n")
        events = []
        for line in lines:
            if not line:
                if self._data:
                    events.append(self._take())
            elif line.startswith(b"data:"):
                self._append(line[6:] if line[5:6] == b" " else line[5:])
            elif line == b"data":
                self._append(b"")
        self._check(len(self._buffer))
        return events

    def flush(self) -> list[bytes]:
        """Return a last event whose closing blank line never came (some servers end on ``[DONE]``)."""
        events = self.feed(b"\n\n") if self._buffer or self._data else []
        self._buffer = b""
        return events

    def _append(self, value: bytes) -> None:
        self._data.append(value)
        self._data_bytes += len(value)
        self._check(0)

    def _take(self) -> bytes:
        payload = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        self._data.clear()
        self._data_bytes = 0
        return payload

    def _check(self, pending: int) -> None:
        if self._data_bytes + pending > self._max_event_bytes:
            raise EventTooLargeError(f"A streamed event exceeds {self._max_event_bytes} bytes.")
