"""Small GGUF files: a header as llama.cpp writes it, and a few bytes in the place of the weights."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

PLAIN: Mapping[str, Any] = {
    "general.architecture": "llama",
    "general.type": "model",
    "general.name": "Tiny Chat",
    "general.size_label": "1K",
    "llama.context_length": 2048,
    "llama.block_count": 4,
    "llama.embedding_length": 64,
    "llama.attention.head_count": 8,
    "llama.attention.head_count_kv": 2,
    "tokenizer.chat_template": "{{ messages }}",
    "tokenizer.ggml.tokens": ["a", "bc", "def"],
    "tokenizer.ggml.scores": [0.5, 1.5],
    "general.quantized": True,
}


def text(value: str) -> bytes:
    """A string of a header."""
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def gguf(fields: Mapping[str, Any] | None = None, *, version: int = 3, weights: int = 4096) -> bytes:
    """A whole file with one tensor; ``fields`` are added to those of a plain model (None takes one out)."""
    entries = {key: value for key, value in {**PLAIN, **(fields or {})}.items() if value is not None}
    data = b"GGUF" + struct.pack("<IQQ", version, 1, len(entries))
    for key, value in entries.items():
        data += text(key) + _value(value)
    data += text("blk.0.weight") + struct.pack("<IQIQ", 1, weights // 4, 0, 0)
    return data + b"\0" * (-len(data) % 32) + bytes(range(256)) * (weights // 256)


def _value(value: Any) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", 8) + text(value)
    if isinstance(value, bool):
        return struct.pack("<IB", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value[0], str):
        return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(text(item) for item in value)
    return struct.pack(f"<IIQ{len(value)}f", 9, 6, len(value), *value)
