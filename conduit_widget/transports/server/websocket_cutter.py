"""Cuts the common frames out of what a WebSocket client sends, so that the parser sees only the rest.

Whole, unfragmented, masked data frames without extension bits are nearly all there is; taking them here costs
a quarter of what the parser does. Control frames, fragments, compressed frames, frames that arrive in pieces
and mistakes go to the parser, byte for byte and in their place. Between two frames the owner may stop it.
"""

from __future__ import annotations

from typing import Final, Protocol

try:
    from websockets.speedups import apply_mask
except ImportError:  # a build without its C part
    from websockets.utils import apply_mask


class FrameOwner(Protocol):
    """Whose frames they are."""

    def parse(self, data: bytes) -> None:
        """Feed the parser."""

    def deliver(self, payload: bytes, *, is_text: bool) -> None:
        """Take a whole message."""

    def has_enough(self) -> bool:
        """Tell whether the frames that follow have to wait."""
        ...


_TEXT: Final = 0x81
_BINARY: Final = 0x82
_FINAL: Final = 0x80
_CONTROL: Final = 0x08
_MASKED: Final = 0x80
_MASK_BYTES: Final = 4
_SIZE_IN_2_BYTES: Final = 126
_SIZE_IN_8_BYTES: Final = 127


class FrameCutter:
    """For one connection, from the first byte after its opening; larger messages are the parser's."""

    __slots__ = ("_fragmented", "_max_bytes", "_off", "_owed", "_owner", "_tail")

    def __init__(self, owner: FrameOwner, max_bytes: int) -> None:
        self._owner = owner
        self._max_bytes = max_bytes
        self._tail = b""  # the beginning of a frame's head
        self._owed = 0  # bytes that belong to a frame the parser has begun
        self._fragmented = False
        self._off = False

    def feed(self, data: bytes) -> bytes:
        """Take what arrived, a frame at least; return what has to wait, to be fed before anything else."""
        if self._tail:
            data, self._tail = self._tail + data, b""
        position = 0
        if self._owed:
            position = min(self._owed, len(data))
            self._owed -= position
            self._owner.parse(data[:position])
        end = len(data)
        while position < end and not self._off:
            first, start = data[position], position + 2
            if start > end:
                self._tail = data[position:]
                return b""
            masked_size = data[position + 1]
            size = masked_size & ~_MASKED
            if size >= _SIZE_IN_2_BYTES:
                start += 2 if size == _SIZE_IN_2_BYTES else 8
                if start > end:
                    self._tail = data[position:]
                    return b""
                size = int.from_bytes(data[position + 2 : start])
            if masked_size < _MASKED:
                break  # a mistake
            body = start + _MASK_BYTES
            stop = body + size
            plain = first in (_TEXT, _BINARY) and size <= self._max_bytes
            if not plain or stop > end or self._fragmented:
                if not first & _CONTROL:
                    self._fragmented = not first & _FINAL
                self._owed = max(0, stop - end)
                self._owner.parse(data[position:stop])
            else:
                self._owner.deliver(apply_mask(data[body:stop], data[start:body]), is_text=first == _TEXT)
            position = stop
            if position < end and self._owner.has_enough():
                return data[position:]
        if position < end:
            self._off = True
            self._owner.parse(data[position:])
        return b""

    def stop(self) -> None:
        """Leave everything to the parser from now on, which drops it: it has seen the end."""
        self._off = True
