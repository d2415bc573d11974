"""The parts of a view that it fetches when they are first needed, built from ``js/src/chunks``."""

from __future__ import annotations

import asyncio
from typing import Final

from conduit_widget.errors import ValidationError
from conduit_widget.widget.attachments.binary import Binary
from conduit_widget.widget.browser import front_end

SLICE: Final = 64 * 1024
"""Bytes of a chunk that travel at once: what the conversation says meanwhile waits for no more than that."""

_SUFFIX: Final = ".chunk.gz"

_read: dict[str, tuple[int, bytes]] = {}  # all views in the process share one copy


def read_chunk(name: str) -> bytes:
    """Return a chunk as it was built: an ES module, compressed with gzip.

    A file is read again when a new build has replaced it.

    Raises:
        ValidationError: the build has no chunk of this name.

    """
    # A name is looked for in what was built, so it cannot lead to another file.
    path = {file.name: file for file in front_end.STATIC.glob(f"*{_SUFFIX}")}.get(f"{name}{_SUFFIX}")
    if path is None:
        raise ValidationError("chunk", "is not one that this version has.")
    modified = path.stat().st_mtime_ns
    known = _read.get(name)
    if known is None or known[0] != modified:
        known = _read[name] = (modified, path.read_bytes())
    return known[1]


async def send_chunk(name: str, start: int) -> Binary:
    """Return a slice of a chunk as the reply to a view that asks for it; the file is read on a thread.

    It begins at byte ``start`` and has at most :data:`SLICE` bytes.

    Raises:
        ValidationError: as :func:`read_chunk`; the chunk has no such byte.

    """
    chunk = await asyncio.to_thread(read_chunk, name)
    if not 0 <= start < len(chunk):
        raise ValidationError("chunk", "has changed while it was sent; try again.")
    return Binary(chunk[start : start + SLICE], len(chunk))
