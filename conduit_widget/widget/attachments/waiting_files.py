"""Files that people attach in a view while the hub is away: here until their message has them."""

from __future__ import annotations

import hashlib
import mimetypes
import uuid
from dataclasses import dataclass, field
from typing import Final

from conduit_widget.chat_client.files.uploading import Reached, UploadGoneError
from conduit_widget.chat_client.offline.entries import MAX_BYTES
from conduit_widget.contract import MAX_FILE_BYTES
from conduit_widget.errors import ConduitError, ValidationError
from conduit_widget.text.plain_text import writable
from conduit_widget.types import Attachment

PREFIX: Final = "waiting/"
"""Of the path of such an upload, which is the file's id too: no hub gives one like it."""
MOST_FILES: Final = 100
_GONE: Final = "A file of this message is not here any more: take it off, attach it again and send."


@dataclass(slots=True)
class _Waiting:
    name: str
    size: int
    content: bytearray = field(default_factory=bytearray)


class WaitingFiles:
    """The files of one chat, in memory and bounded: where there are too many, the oldest go.

    What goes was abandoned, or is in the queue on disk with its message already; whoever still wants to send
    it hears that it has to be attached again.
    """

    def __init__(self) -> None:
        self._files: dict[str, _Waiting] = {}

    def begin(self, name: str, size: int) -> str:
        """Make room for a file; return where its pieces go.

        Raises:
            ValidationError: it is too large.

        """
        if not 0 <= size <= MAX_FILE_BYTES:
            most = MAX_FILE_BYTES // 2**20
            raise ValidationError("file", f"has {size} bytes; the limit is {most} MiB")
        while self._files and (len(self._files) >= MOST_FILES or self._bytes + size > MAX_BYTES):
            del self._files[next(iter(self._files))]
        path = f"{PREFIX}{uuid.uuid4()}"
        self._files[path] = _Waiting(writable(name), size)
        return path

    @property
    def _bytes(self) -> int:
        return sum(each.size for each in self._files.values())

    def put(self, path: str, start: int, content: bytes, *, is_last: bool) -> Reached:
        """Take a piece; return how far the file is then, with the last one what it is.

        Raises:
            UploadGoneError: there is no such upload any more.
            ValidationError: the piece goes beyond the file's end, or the last one does not reach it.

        """
        file = self._files.get(path)
        if file is None:
            raise UploadGoneError
        if start == len(file.content):
            if start + len(content) > file.size:
                raise ValidationError("piece", f"goes beyond the {file.size} bytes of the file")
            file.content += content
        if not is_last or start > len(file.content):
            return Reached(len(file.content))
        if len(file.content) != file.size:
            raise ValidationError("piece", f"is the last of {file.size} bytes, after {len(file.content)}")
        return Reached(file.size, _described(path, file))

    def forget(self, path: str) -> None:
        """Let go of a file."""
        self._files.pop(path, None)

    def contents(self, ids: list[str]) -> list[tuple[str, bytes]]:
        """Return the names and the bytes of files.

        Raises:
            ConduitError: one is not here, or not all of it.

        """
        found = [self._files.get(each) for each in ids]
        if any(each is None or len(each.content) != each.size for each in found):
            raise ConduitError(_GONE)
        return [(each.name, bytes(each.content)) for each in found if each is not None]


def _described(path: str, file: _Waiting) -> Attachment:
    """Return what is known of a file before a hub has looked into it."""
    return Attachment(
        id=path,
        name=file.name,
        media_type=mimetypes.guess_type(file.name)[0] or "application/octet-stream",
        size=file.size,
        sha256=hashlib.sha256(file.content).hexdigest(),
    )
