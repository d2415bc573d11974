"""The header of a GGUF file: what its model is, read without trusting the file.

A header names the architecture, the length of the context and the chat template, and where the weights lie.
It is read within bounds: a hostile file costs an error, neither memory nor time.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from conduit_widget.errors import ModelInstallError

MAX_TEXT_BYTES: Final = 1 << 20
_MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_MAX_ENTRIES: Final = 65_536
_MAX_ITEMS: Final = 4_000_000
_MAX_DIMENSIONS: Final = 8
_MAX_HEADER_BYTES: Final = 256 << 20
_DEFAULT_ALIGNMENT: Final = 32
_NUMBERS: Final = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_STRING: Final = 8
_ARRAY: Final = 9
_NOT_FOR_CHAT: Final = frozenset(
    {
        "bert",
        "clip",
        "jina-bert-v2",
        "jina-bert-v3",
        "modern-bert",
        "nomic-bert",
        "nomic-bert-moe",
        "t5encoder",
    }
)
_WANTED: Final = (
    ".context_length",
    ".chat_template",
    ".block_count",
    ".embedding_length",
    ".attention.head_count",
    ".attention.head_count_kv",
    ".attention.key_length",
)


class GgufHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What a model's file says of itself; None or empty where it says nothing. The context is in tokens.

    ``cache_bytes`` is what one token of a conversation takes in memory, 0 where that is unknown.
    """

    architecture: str
    name: str = ""
    context_tokens: int | None = None
    has_chat_template: bool = False
    parameters: str = ""
    cache_bytes: int = 0


def read_header(path: Path) -> GgufHeader:
    """Read the header of a model's file.

    Raises:
        ModelInstallError: the file is no GGUF, is cut short, or holds no model that can chat.
        OSError: it cannot be read.

    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) != _MAGIC:
            raise ModelInstallError(f"{path.name} is no GGUF file: models end in .gguf and begin with it.")
        reader = _Reader(file, path.name)
        version = reader.number("I")
        if version not in _VERSIONS:
            raise ModelInstallError(
                f"{path.name} is GGUF version {version}; versions 2 and 3 can be read. Look for a newer file."
            )
        tensors, count = reader.number("Q"), reader.number("Q")
        reader.require(tensors <= _MAX_ENTRIES and count <= _MAX_ENTRIES)
        fields: dict[str, Any] = {}
        for _ in range(count):
            key = reader.text()
            value = reader.value(reader.number("I"), keep=_is_wanted(key))
            if _is_wanted(key):
                fields[key] = value
        starts = [reader.tensor() for _ in range(tensors)]
        begin = file.tell()
    header = _header_of(fields, path.name)
    alignment = _whole(fields.get("general.alignment")) or _DEFAULT_ALIGNMENT
    begin = -(-begin // alignment) * alignment
    if not starts or begin + max(starts) >= size:
        raise ModelInstallError(f"{path.name} is cut short: the weights are missing. Fetch it again.")
    return header


def _is_wanted(key: str) -> bool:
    return key.startswith(("general.", "split.")) or key.endswith(_WANTED)


def _header_of(fields: dict[str, Any], file_name: str) -> GgufHeader:
    architecture = _word(fields.get("general.architecture"))
    kind = _word(fields.get("general.type")) or "model"
    if not architecture:
        raise ModelInstallError(f"{file_name} does not say what model it holds. Look for another file.")
    if kind != "model" or architecture in _NOT_FOR_CHAT:
        what = kind if kind != "model" else architecture
        raise ModelInstallError(
            f"{file_name} holds no model that can chat ({what}). Look for an instruct or chat model."
        )
    if (parts := _whole(fields.get("split.count")) or 1) > 1:
        raise ModelInstallError(
            f"{file_name} is one of {parts} parts of a model. Join them first (llama-gguf-split --merge), "
            "then install the whole file."
        )
    return GgufHeader(
        architecture=architecture,
        name=_word(fields.get("general.name")),
        context_tokens=_whole(fields.get(f"{architecture}.context_length")),
        has_chat_template=bool(fields.get("tokenizer.chat_template")),
        parameters=_word(fields.get("general.size_label")),
        cache_bytes=_cache_bytes(fields, architecture),
    )


def _cache_bytes(fields: dict[str, Any], architecture: str) -> int:
    """Keys and values of one token in all layers, two bytes a number."""
    layers, width, heads, shared, length = (
        _whole(fields.get(f"{architecture}.{name}"))
        for name in (
            "block_count",
            "embedding_length",
            "attention.head_count",
            "attention.head_count_kv",
            "attention.key_length",
        )
    )
    if layers is None or width is None or heads is None:
        return 0
    return 2 * 2 * layers * (shared or heads) * (length or width // heads)


def _word(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    return "".join(sign for sign in value[:200] if sign.isprintable()).strip()


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


class _Reader:
    """Reads little-endian values of a header, in order."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name
        self._left = _MAX_ITEMS

    def require(self, condition: bool) -> None:
        """Refuse the file unless ``condition`` holds."""
        if not condition:
            raise ModelInstallError(f"{self._name} has a header that cannot be read. Fetch it again.")

    def read(self, size: int) -> bytes:
        """Read exactly ``size`` bytes."""
        self.require(0 <= size <= MAX_TEXT_BYTES and self._file.tell() + size <= _MAX_HEADER_BYTES)
        data = self._file.read(size)
        if len(data) != size:
            raise ModelInstallError(f"{self._name} is cut short. Fetch it again.")
        return data

    def number(self, code: str) -> Any:
        """Read one number of a ``struct`` code."""
        return struct.unpack(f"<{code}", self.read(struct.calcsize(f"<{code}")))[0]

    def text(self) -> str:
        """Read a string."""
        return self.read(self.number("Q")).decode("utf-8", "replace")

    def value(self, kind: int, *, keep: bool) -> Any:
        """Read a value of a GGUF type; what is not kept is passed over. Arrays are never kept."""
        if kind == _ARRAY:
            self._skip_array()
            return None
        if kind == _STRING:
            return self.text() if keep else self.read(self.number("Q"))
        self.require(kind in _NUMBERS)
        return self.number(_NUMBERS[kind])

    def tensor(self) -> int:
        """Read one tensor's entry, and return where its weights begin."""
        self.read(self.number("Q"))
        dimensions = self.number("I")
        self.require(dimensions <= _MAX_DIMENSIONS)
        self.read(8 * dimensions + 4)
        offset: int = self.number("Q")
        return offset

    def _skip_array(self) -> None:
        kind, count = self.number("I"), self.number("Q")
        self._left -= count
        self.require(kind != _ARRAY and self._left >= 0)
        if kind == _STRING:
            skip: Callable[[int], bytes] = self.read
            for _ in range(count):
                skip(self.number("Q"))
            return
        self.require(kind in _NUMBERS)
        size = count * struct.calcsize(f"<{_NUMBERS[kind]}")
        self.require(self._file.tell() + size <= _MAX_HEADER_BYTES)
        self._file.seek(size, 1)
