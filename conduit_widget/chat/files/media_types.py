"""What a file is, by what is in it. A name only says which kind of text a text is."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

import puremagic

UNKNOWN: Final = "application/octet-stream"
PLAIN: Final = "text/plain"
_TEXTS: Final = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".md": "text/markdown",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".ipynb": "application/x-ipynb+json",
    ".toml": "application/toml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
"""Texts of which somebody makes more than a text; what a browser might run is none of them."""
_ZIPS: Final = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
}
_BINARY: Final = {
    "application/pdf": "application/pdf",
    "application/x-gzip": "application/gzip",
    "audio/aac": "audio/aac",
    "audio/flac": "audio/flac",
    "audio/mp4": "audio/mp4",
    "audio/mpeg": "audio/mpeg",
    "audio/ogg": "audio/ogg",
    "audio/wave": "audio/wav",
    "audio/x-flac": "audio/flac",
    "image/avif": "image/avif",
    "image/bmp": "image/bmp",
    "image/gif": "image/gif",
    "image/jpeg": "image/jpeg",
    "image/png": "image/png",
    "image/tiff": "image/tiff",
    "image/webp": "image/webp",
    "video/mp4": "video/mp4",
    "video/quicktime": "video/quicktime",
    "video/webm": "video/webm",
}
_TRACKS: Final = 4096
_SOUNDS: Final = (b"A_OPUS", b"A_VORBIS")
_ZIP: Final = b"PK\x03\x04"
_PARQUET: Final = b"PAR1"
_ARROW: Final = b"ARROW1\0\0"
_MP3: Final = b"ID3"
_CONTROL: Final = bytes(range(9)) + bytes(range(14, 27)) + bytes(range(28, 32))


def media_type_of(head: bytes, name: str, *, is_whole: bool) -> str:
    """Return the type of a file that begins with ``head`` (``is_whole``: and ends with it)."""
    suffix = PurePosixPath(name).suffix.lower()
    if head.startswith(_ZIP):
        return _ZIPS.get(suffix, "application/zip")
    if head.startswith(_PARQUET):
        return "application/vnd.apache.parquet"
    if head.startswith(_ARROW):
        return "application/vnd.apache.arrow.file"
    if is_text(head, is_whole=is_whole):
        return _text_type(suffix)
    if head.startswith(_MP3):
        return "audio/mpeg"
    try:
        found = puremagic.from_string(head, mime=True)
    except (puremagic.PureError, ValueError):
        return UNKNOWN
    if found == "video/webm" and _is_audio(head):
        return "audio/webm"
    return _BINARY.get(found, UNKNOWN)


def _is_audio(webm: bytes) -> bool:
    """Whether the tracks of a WebM file, which its beginning names by their codecs, are sound alone."""
    tracks = webm[:_TRACKS]
    return any(codec in tracks for codec in _SOUNDS) and b"V_" not in tracks


def is_text(head: bytes, *, is_whole: bool) -> bool:
    """Whether what a file begins with is UTF-8 without control characters."""
    if head.translate(None, _CONTROL) != head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The head may end within a character.
        return not is_whole and error.start >= len(head) - 3 and error.reason == "unexpected end of data"
    return True


def is_textual(media_type: str) -> bool:
    """Whether files of a type are texts."""
    return media_type.startswith("text/") or media_type in _TEXTS.values()


def _text_type(suffix: str) -> str:
    return _TEXTS.get(suffix, PLAIN)
