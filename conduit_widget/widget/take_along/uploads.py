"""A file that a view hands over to be brought in: piece by piece, one file at a time."""

from __future__ import annotations

import asyncio
import base64
import binascii
import uuid
from typing import Final

from conduit_widget.errors import ConduitError, ValidationError
from conduit_widget.widget.take_along.bringing import Bringing, Brought
from conduit_widget.widget.take_along.readers.apart import read_data
from conduit_widget.widget.take_along.readers.found import FoundConversation

MAX_UPLOAD_BYTES: Final = 32 * 1024 * 1024
"""Of a file from a browser; one on the kernel's side may be larger."""
_GONE: Final = "Another file has taken the place of this one; choose it again."


class Uploads:
    """Where the views of a chat put the file to bring in; another one takes its place."""

    def __init__(self) -> None:
        self._id = ""
        self._size = 0
        self._data = bytearray()
        self._found: list[FoundConversation] = []
        self._at = 0

    def begin(self, size: int) -> str:
        """Make room for a file of ``size`` bytes; return its id.

        Raises:
            ValidationError: it is too large.

        """
        if not 0 < size <= MAX_UPLOAD_BYTES:
            most = MAX_UPLOAD_BYTES // 2**20
            raise ValidationError(
                "file",
                f"has {size} bytes; from here the limit is {most} MiB. Larger ones: chat.import_(path)",
            )
        self._clear()
        self._id, self._size = str(uuid.uuid4()), size
        return self._id

    def add(self, upload_id: str, at: int, data: str) -> None:
        """Add a piece in base64 that begins at byte ``at``; one that is there already changes nothing.

        Raises:
            ConduitError: another file has taken the place of this one.
            ValidationError: the piece does not fit.

        """
        self._check(upload_id)
        try:
            piece = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            raise ValidationError("file", "came damaged; choose it again") from None
        if at + len(piece) > self._size or at > len(self._data) or at < 0:
            raise ValidationError("file", "has changed while it was sent; choose it again")
        if at == len(self._data):
            self._data += piece

    async def read(self, upload_id: str) -> tuple[int, int]:
        """Read the file that is there whole; return how many conversations and messages it has.

        Raises:
            ConduitError: another file has taken the place of this one.
            ValidationError: it cannot be read; the text says what is wrong.

        """
        self._check(upload_id)
        if len(self._data) < self._size:
            raise ValidationError("file", "came in part only; choose it again")
        data, self._data = bytes(self._data), bytearray()
        found = await asyncio.to_thread(read_data, data)
        self._check(upload_id)
        self._found, self._at = found, 0
        return len(found), sum(len(each.messages) for each in found)

    async def bring_next(self, upload_id: str, bringing: Bringing) -> tuple[Brought, int]:
        """Bring in the next conversation; return what became of it, and how many are left.

        Raises:
            ConduitError: there is none, or no way to the hub; the same can be tried again.

        """
        self._check(upload_id)
        if self._at >= len(self._found):
            raise ConduitError(_GONE)
        result = await bringing.one(self._found[self._at], _tell_nobody)
        self._check(upload_id)
        self._at += 1
        left = len(self._found) - self._at
        if not left:
            self._clear()
        return result, left

    def forget(self, upload_id: str) -> None:
        """Let go of a file; harmless when it is gone."""
        if upload_id == self._id:
            self._clear()

    def _clear(self) -> None:
        self._id, self._size, self._data, self._found, self._at = "", 0, bytearray(), [], 0

    def _check(self, upload_id: str) -> None:
        if not upload_id or upload_id != self._id:
            raise ConduitError(_GONE)


async def _tell_nobody(_count: int) -> None:
    """Nobody is told before the end: the view asks conversation by conversation."""
