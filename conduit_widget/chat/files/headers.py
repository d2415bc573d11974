"""The headers of files and of resumable uploads (IETF draft-ietf-httpbis-resumable-upload).

That draft, not tus: its simplest upload is a plain ``POST``, which any client can make, and HTTP libraries
and proxies are about to speak it themselves. The interim response ``104`` is left out (ASGI has none): who
wants to resume begins with an empty ``POST`` that says ``Upload-Complete: ?0``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from conduit_widget.chat.history.file_records import FileRecord
from conduit_widget.contract import MAX_FILE_NAME_CHARS
from conduit_widget.errors import ValidationError
from conduit_widget.text.plain_text import is_plain

COMPLETE: Final = "upload-complete"
OFFSET: Final = "upload-offset"
LENGTH: Final = "upload-length"
LIMIT: Final = "upload-limit"
MISMATCH: Final = "https://iana.org/assignments/http-problem-types#mismatching-upload-offset"
"""The problem type of a piece that does not continue what has come."""

_DIGITS: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_FLAGS: Final = {"?0": False, "?1": True}
_ASCII_NAME: Final = re.compile(r"[^A-Za-z0-9 ._-]", re.ASCII)


def number(headers: Mapping[str, str], name: str) -> int | None:
    """Return a header that is a count of bytes; None without it.

    Raises:
        ValidationError: it is no such count.

    """
    value = headers.get(name)
    if value is None:
        return None
    if not _DIGITS.fullmatch(value.strip()):
        raise ValidationError(name, "must be a number of bytes")
    return int(value)


def flag(headers: Mapping[str, str], name: str) -> bool | None:
    """Return a header that is ``?1`` or ``?0``; None without it.

    Raises:
        ValidationError: it is neither.

    """
    value = headers.get(name)
    if value is None:
        return None
    if value.strip() not in _FLAGS:
        raise ValidationError(name, "must be ?1 or ?0")
    return _FLAGS[value.strip()]


def check_name(value: str) -> str:
    """Return a file's name without the folders before it.

    Raises:
        ValidationError: empty, too long, or with control or invisible characters.

    """
    name = value.replace("\\", "/").rpartition("/")[2].strip()
    if name.strip(".") == "":
        raise ValidationError("name", "must not be empty")
    if len(name) > MAX_FILE_NAME_CHARS:
        raise ValidationError("name", f"has {len(name)} characters; the limit is {MAX_FILE_NAME_CHARS}")
    if not is_plain(name):
        raise ValidationError("name", "must not contain control or invisible characters")
    return name


def progress(record: FileRecord, offset: int, max_bytes: int) -> dict[str, str]:
    """Return the headers that say how far an upload is."""
    return {
        OFFSET: str(offset),
        COMPLETE: "?1" if record.is_stored else "?0",
        LENGTH: str(record.size),
        LIMIT: f"max-size={max_bytes}",
    }


def download(record: FileRecord) -> dict[str, str]:
    """Return the headers of a file's bytes: saved, never shown as a page of this origin."""
    plain = _ASCII_NAME.sub("_", record.name)
    named = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(record.name, safe='')}"
    return {
        "content-disposition": named,
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-site",
        "cache-control": "private, no-cache",
        "etag": f'"{record.sha256}"',
    }
