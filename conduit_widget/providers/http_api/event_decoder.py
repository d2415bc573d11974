"""The events of an answer, one JSON text each, from servers that write server-sent events loosely."""

from __future__ import annotations

from typing import Final

from conduit_widget.event_stream import EventDataDecoder

DONE: Final = b"[DONE]"


class JsonEventDecoder(EventDataDecoder):
    """Decodes events whose payload is one JSON text, and so separates what the standard would join or skip.

    Taken as well: one line end between two events, ``[DONE]`` without a blank line, a JSON object or an error
    on a line of its own (``{…}``, ``error: {…}``).
    """

    _last = DONE

    def _begins_event(self, value: bytes) -> bool:
        after = value.strip()
        if not after.startswith((b"{", b":")) and after != DONE:
            return False
        is_object = self._data[0].lstrip().startswith(b"{")
        return not is_object or self._data[-1].rstrip().endswith(b"}")

    def _read_other(self, line: bytes) -> bytes | None:
        if line.startswith(b"{"):
            return line
        name, _, value = line.partition(b":")
        return value.strip() if name == b"error" and value.strip()[:1] == b"{" else None
