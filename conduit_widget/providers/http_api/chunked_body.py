"""The plain part of a chunked body (RFC 9112, section 7.1): chunks that have come whole, one after the other.

Whatever is not plain is left as it is for the HTTP library: extensions, the last chunk, and mistakes.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

MAX_CHUNK_BYTES: Final = 64 * 1024
"""A larger chunk is not waited for."""

_SIZE: Final = re.compile(rb"([0-9a-fA-F]{1,8})\r\n")
_START_OF_SIZE: Final = re.compile(rb"[0-9a-fA-F]{0,8}\r?")


class PlainChunks(NamedTuple):
    """The ``data`` of the chunks at the start of some bytes, and how many bytes were ``used`` for it.

    ``is_plain`` is False where a chunk follows that is not a plain one.
    """

    data: bytes
    used: int
    is_plain: bool


def plain_chunks(received: bytes) -> PlainChunks:
    """Read the chunks at the start of what was received, up to one that is not whole or not plain."""
    pieces, used, is_plain = [], 0, True
    while is_plain:
        size = _SIZE.match(received, used)
        if size is None:
            is_plain = _START_OF_SIZE.fullmatch(received, used) is not None
            break
        start = size.end()
        end = start + int(size[1], 16)
        ending = received[end : end + 2]
        is_plain = start < end <= start + MAX_CHUNK_BYTES and b"\r\n".startswith(ending)
        if not is_plain or len(ending) < 2:
            break
        pieces.append(received[start:end])
        used = end + 2
    return PlainChunks(pieces[0] if len(pieces) == 1 else b"".join(pieces), used, is_plain)
