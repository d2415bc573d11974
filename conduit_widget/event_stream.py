"""Server-sent events: payloads to bytes and back (WHATWG HTML, section 9.2).

Only ``data`` matters here; event names, ids and comments are skipped. The payload stays bytes so that JSON is
decoded from it directly.
"""

from __future__ import annotations

import re
from typing import Final

MAX_EVENT_BYTES: Final = 1024 * 1024

_BOM: Final = b"\xef\xbb\xbf"
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")


class EventTooLargeError(ValueError):
    """An event grew over its limit in bytes without ending."""


def encode_event(payload: bytes) -> bytes:
    """Return one event with a ``data`` line for each line of ``payload``, as .NET's hub writes it."""
    if not payload:
        return b"\r\n"
    if b"\n" not in payload and b"\r" not in payload:
        return b"data: " + payload + b"\r\n\r\n"
    return b"".join(b"data: " + line + b"\r\n" for line in _LINE_END.split(payload)) + b"\r\n"


class EventDataDecoder:
    """Incremental decoder: bytes may be split anywhere, and lines end in any of the three ways.

    A subclass names in ``_last`` the payload that ends its streams: no blank line is waited for after it.
    """

    _last: bytes | None = None

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._tail: list[bytes] = []
        self._tail_bytes = 0
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._ended_in_cr = False
        self._bom = _BOM

    def feed(self, data: bytes) -> list[bytes]:
        """Return the payloads of the events completed by ``data``.

        Raises:
            EventTooLargeError: an event exceeds the limit.

        """
        if self._bom and data:
            data = self._without_bom(data)
        if self._ended_in_cr and data:
            self._ended_in_cr = False
            if data[0] == 0x0A:  # the second half of a CRLF
                data = data[1:]
        if b"\r" in data:
            self._ended_in_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = data.split(b"\n")
        if lines and self._tail:
            self._tail.append(lines[0])
            lines[0] = b"".join(self._tail)
            self._tail.clear()
            self._tail_bytes = 0
        events = []
        for line in lines:
            if not line:
                if self._data:
                    events.append(self._pop_event())
            elif line.startswith(b"data:"):
                value = line[6:] if line[5:6] == b" " else line[5:]
                if self._data and self._begins_event(value):
                    events.append(self._pop_event())
                self._data.append(value)
                self._data_bytes += len(value)
                if self._data_bytes + self._tail_bytes > self._max_event_bytes:
                    raise self._too_large()
            elif line == b"data":
                self._data.append(b"")
            elif (other := self._read_other(line)) is not None:
                if self._data:
                    events.append(self._pop_event())
                events.append(other)
        if rest:
            self._tail.append(rest)
            self._tail_bytes += len(rest)
            if self._data_bytes + self._tail_bytes > self._max_event_bytes:
                raise self._too_large()
        elif self._last is not None and self._data and self._data[-1].strip() == self._last:
            events.append(self._pop_event())
        return events

    def _begins_event(self, value: bytes) -> bool:
        """Return whether a further data line belongs to another event; by the standard it never does."""
        return False

    def _read_other(self, line: bytes) -> bytes | None:
        """Return the payload of a line of another kind; by the standard it has none."""
        return None

    def _without_bom(self, data: bytes) -> bytes:
        """Return ``data`` without the byte order mark that may stand before everything."""
        expected, self._bom = self._bom, b""
        if data.startswith(expected):
            return data[len(expected) :]
        if expected.startswith(data):  # a part of it, perhaps
            self._bom = expected[len(data) :]
            return b""
        return _BOM[: len(_BOM) - len(expected)] + data

    def _pop_event(self) -> bytes:
        payload = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        self._data.clear()
        self._data_bytes = 0
        return payload

    def _too_large(self) -> EventTooLargeError:
        return EventTooLargeError(f"A streamed event exceeds {self._max_event_bytes} bytes.")
