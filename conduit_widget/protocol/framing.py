"""Records in a byte stream: 0x1E after text, a varint length before binary (HubProtocol.md, "Framing").

Both readers are incremental, never scan a byte twice and hold at most one incomplete record.
"""

from __future__ import annotations

from typing import Final

from conduit_widget.errors import MessageTooLargeError, RemoteProtocolError

RECORD_SEPARATOR: Final = b"\x1e"
MAX_VARINT_BYTES: Final = 5
MAX_BINARY_RECORD_BYTES: Final = 2**31 - 1


class TextRecordReader:
    """Split a stream of text records at their separators."""

    def __init__(self, max_record_bytes: int) -> None:
        self._max_record_bytes = max_record_bytes
        self.tail = bytearray()

    @property
    def pending_bytes(self) -> int:
        """Bytes of the incomplete record held back."""
        return len(self.tail)

    def feed(self, data: bytes | str) -> list[bytes]:
        """Return the records completed by ``data``, without separators.

        Raises:
            MessageTooLargeError: a record, complete or not yet, exceeds the limit.

        """
        if isinstance(data, str):
            data = data.encode()
        size = len(data) - 1
        if not self.tail and 0 <= size <= self._max_record_bytes and data.find(RECORD_SEPARATOR) == size:
            return [data[:size]]  # one whole record, by far the most frequent case
        records = data.split(RECORD_SEPARATOR)
        rest = records.pop()
        if self.tail and records:
            self._check(len(self.tail) + len(records[0]))
            records[0] = bytes(self.tail + records[0])
            self.tail.clear()
        for record in records:
            if len(record) > self._max_record_bytes:
                raise MessageTooLargeError(len(record), self._max_record_bytes)
        if rest:
            self._check(len(self.tail) + len(rest))
            self.tail += rest
        return records

    def _check(self, size_bytes: int) -> None:
        if size_bytes > self._max_record_bytes:
            raise MessageTooLargeError(size_bytes, self._max_record_bytes)


class BinaryRecordReader:
    """Split a stream of length-prefixed records."""

    def __init__(self, max_record_bytes: int) -> None:
        self._max_record_bytes = min(max_record_bytes, MAX_BINARY_RECORD_BYTES)
        self._tail = bytearray()
        self._needed = 0  # bytes the incomplete record takes with its prefix; 0 when not known yet

    @property
    def pending_bytes(self) -> int:
        """Bytes of the incomplete record held back, its prefix included."""
        return len(self._tail)

    def feed(self, data: bytes) -> list[bytes]:
        """Return the records completed by ``data``, without prefixes.

        Raises:
            RemoteProtocolError: a length prefix is longer than 5 bytes or says more than 2 GiB.
            MessageTooLargeError: a prefix announces more than the limit.

        """
        if self._tail:
            self._tail += data
            if len(self._tail) < self._needed:
                return []
            data = bytes(self._tail)
            self._tail.clear()
        self._needed = 0
        records: list[bytes] = []
        position, end = 0, len(data)
        while position < end:
            size = data[position]
            if size < 0x80:
                start = position + 1
            else:
                prefix = read_varint(data, position)
                if prefix is None:
                    break
                size, start = prefix
            if size > self._max_record_bytes:
                raise MessageTooLargeError(size, self._max_record_bytes)
            stop = start + size
            if stop > end:
                self._needed = stop - position
                break
            records.append(data[start:stop])
            position = stop
        if position < end:
            self._tail += data[position:]
        return records


def read_varint(data: bytes, position: int) -> tuple[int, int] | None:
    """Return (value, position after it), or None when the prefix is incomplete.

    Raises:
        RemoteProtocolError: the value does not fit a signed 32-bit integer.

    """
    if position + 1 < len(data) and data[position] >= 0x80 > data[position + 1]:
        return data[position] & 0x7F | data[position + 1] << 7, position + 2
    value = shift = 0
    for index in range(position, min(len(data), position + MAX_VARINT_BYTES)):
        byte = data[index]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value > MAX_BINARY_RECORD_BYTES:
                break
            return value, index + 1
        shift += 7
    else:
        if len(data) - position < MAX_VARINT_BYTES:
            return None
    raise RemoteProtocolError("A record announces more than 2 GiB; that is no hub protocol peer.")


def write_varint(value: int) -> bytes:
    """Return ``value`` as a length prefix."""
    if value < 0x80:
        return bytes((value,))
    if value < 0x4000:
        return bytes((value & 0x7F | 0x80, value >> 7))
    prefix = bytearray()
    while value >= 0x80:
        prefix.append(value & 0x7F | 0x80)
        value >>= 7
    prefix.append(value)
    return bytes(prefix)
