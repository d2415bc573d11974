"""Opens a file that somebody wants to bring in: JSON, or the zip it comes in; finds out whose format it is.

Nothing in it is trusted: how much is read, and what a zip may unpack to, is bounded before it is read.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any, Final

import msgspec

from conduit_widget.errors import UNREADABLE, ValidationError
from conduit_widget.widget.take_along.readers import chatgpt, conduit, librechat
from conduit_widget.widget.take_along.readers.found import FoundConversation

MAX_FILE_BYTES: Final = 128 * 1024 * 1024
"""Of JSON, unpacked and all files of a zip together."""
MAX_CONVERSATIONS: Final = 5000
_MAX_LISTING_BYTES: Final = 8 * 1024 * 1024  # of the table of contents of a zip
_MIB: Final = 1024 * 1024
_FORMATS: Final = (
    "an export of this chat (.json), of ChatGPT (conversations.json or its .zip) or of LibreChat (.json)"
)
_ENTRY: Final = re.compile(r"(?:.*/)?conversations(?:-\d{1,4})?\.json")
# Half a character, where a program cut a text: a high half without a low one after it, or the reverse. What
# stands after an escaped backslash is none.
_HALVES: Final = re.compile(
    rb"(\\\\)|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_ENCRYPTED: Final = 1
_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_END_64: Final = b"PK\x06\x07"
_END_64_BYTES: Final = 20


class _Document(msgspec.Struct):
    """A file with one conversation: what tells the formats apart, and the rest not decoded yet."""

    format: Any = None
    version: Any = None
    conversation: Any = None
    title: Any = None
    conversation_id: Any = msgspec.field(name="conversationId", default=None)
    messages: msgspec.Raw = msgspec.Raw(b"null")
    messages_tree: msgspec.Raw = msgspec.field(name="messagesTree", default=msgspec.Raw(b"null"))
    mapping: msgspec.Raw = msgspec.Raw(b"null")


def read_stream(file: IO[bytes]) -> list[FoundConversation]:
    """Return the conversations of an open file that can be read again.

    Raises:
        ValidationError: it is none that can be read; the text says what is wrong.

    """
    begin = file.read(4)
    file.seek(0)
    if begin.startswith(b"PK"):
        found = [each for data in _unzipped(file) for each in _read(data)]
    else:
        found = list(_read(_bounded(file, MAX_FILE_BYTES)))
    if len(found) > MAX_CONVERSATIONS:
        raise ValidationError("file", f"has {len(found)} conversations; the limit is {MAX_CONVERSATIONS}")
    if not found:
        raise ValidationError("file", "has no conversation")
    return found


def _bounded(file: IO[bytes], most: int) -> bytes:
    data = file.read(most + 1)
    if len(data) > most:
        raise ValidationError("file", f"has more than {MAX_FILE_BYTES // _MIB} MiB of JSON, the limit")
    return data


def _unzipped(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the files of a zip that hold conversations."""
    _check_listing(file)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = sorted(
                (each for each in archive.infolist() if _ENTRY.fullmatch(each.filename)),
                key=lambda each: each.filename,
            )
            if not entries:
                raise ValidationError("file", "is a zip without a conversations.json")
            room = MAX_FILE_BYTES
            for entry in entries:
                # The others unpack a block at once, however large.
                if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise ValidationError("file", "is a zip packed in a way that is not read; pack it anew")
                if entry.flag_bits & _ENCRYPTED:
                    raise ValidationError("file", "is a zip with a password; unpack it and take its JSON")
                with archive.open(entry) as opened:
                    data = _bounded(opened, room)
                room -= len(data)
                yield data
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error, ValueError) as error:
        raise ValidationError("file", "is a damaged zip") from error


def _check_listing(file: IO[bytes]) -> None:
    """Check how long the table of contents says it is: it is read whole, before anything else."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _END_BYTES - _END_64_BYTES - 65_535))
    tail = file.read()
    file.seek(0)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise ValidationError("file", "is a damaged zip")
    (listing,) = struct.unpack_from("<I", tail, at + 12)
    if _END_64 in tail[max(0, at - _END_64_BYTES) : at] or listing > _MAX_LISTING_BYTES:
        raise ValidationError("file", "is a zip of too many files; unpack it and take conversations.json")


def _read(data: bytes) -> Iterator[FoundConversation]:
    """Yield the conversations of a JSON text."""
    data = _HALVES.sub(lambda found: found[1] or rb"\ufffd", data.removeprefix(b"\xef\xbb\xbf"))
    try:
        if data.lstrip()[:1] == b"[":
            exported = msgspec.json.decode(data, type=list[chatgpt.Exported])
            if exported and not any(isinstance(each.mapping, dict) for each in exported):
                raise ValidationError("file", f"is not {_FORMATS}")
            yield from chatgpt.conversations(exported)
        else:
            yield _one(msgspec.json.decode(data, type=_Document), data)
    except RecursionError as error:
        raise ValidationError("file", "nests too deeply; export it without its tree") from error
    except msgspec.ValidationError as error:
        raise ValidationError("file", f"is not {_FORMATS}") from error
    except UNREADABLE as error:
        raise ValidationError("file", "is no JSON in UTF-8, or ends too soon") from error


def _one(document: _Document, data: bytes) -> FoundConversation:
    messages = msgspec.json.decode(document.messages)
    if document.format == conduit.SOURCE:
        about = document.conversation
        title = about.get("title") if isinstance(about, dict) else None
        return conduit.conversation(document.version, title, messages)
    tree = msgspec.json.decode(document.messages_tree)
    if document.conversation_id is not None and (tree or messages):
        return librechat.conversation(document.title, tree or messages)
    if isinstance(msgspec.json.decode(document.mapping), dict):
        return next(chatgpt.conversations([msgspec.json.decode(data, type=chatgpt.Exported)]))
    raise ValidationError("file", f"is not {_FORMATS}")
