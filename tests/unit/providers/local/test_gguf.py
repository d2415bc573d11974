"""Reading what a model's file says of itself."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.errors import ModelInstallError
from conduit_widget.providers.local.gguf import GgufHeader, read_header
from tests.support.providers.gguf import gguf, text


def header_of(tmp_path: Path, data: bytes) -> GgufHeader:
    """Read these bytes as a file."""
    path = tmp_path / "m.gguf"
    path.write_bytes(data)
    return read_header(path)


@pytest.mark.parametrize("version", [2, 3])
def test_header_is_read_whole(tmp_path: Path, version: int) -> None:
    """Name, architecture, context, template and the size of a conversation come out of both versions."""
    assert header_of(tmp_path, gguf(version=version)) == GgufHeader(
        architecture="llama",
        name="Tiny Chat",
        context_tokens=2048,
        has_chat_template=True,
        parameters="1K",
        cache_bytes=2 * 2 * 4 * 2 * 8,
    )


def test_what_a_file_leaves_out_is_unknown(tmp_path: Path) -> None:
    """No name, no context and no template are no error."""
    fields = dict.fromkeys(
        ("general.name", "llama.context_length", "tokenizer.chat_template", "llama.block_count")
    )
    header = header_of(tmp_path, gguf(fields))
    assert (header.name, header.context_tokens, header.has_chat_template) == ("", None, False)
    assert header.cache_bytes == 0


def test_name_cannot_steer_a_terminal(tmp_path: Path) -> None:
    """Whoever made the file wrote the name."""
    assert header_of(tmp_path, gguf({"general.name": "a\x1b[2Jb\n" + "c" * 999})).name == "a[2Jb" + "c" * 193


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"general.architecture": "nomic-bert"}, r"no model that can chat \(nomic-bert\)"),
        ({"general.architecture": "clip", "general.type": "mmproj"}, r"no model that can chat \(mmproj\)"),
        ({"general.type": "adapter"}, r"no model that can chat \(adapter\)"),
        ({"general.architecture": None}, "does not say what model"),
        ({"split.count": 3}, "one of 3 parts.*llama-gguf-split --merge"),
    ],
)
def test_what_cannot_answer_is_refused(tmp_path: Path, fields: dict[str, Any], words: str) -> None:
    """An embedder, a projector, an adapter and a part of a model each get a line that says so."""
    with pytest.raises(ModelInstallError, match=words):
        header_of(tmp_path, gguf(fields))


def test_other_files_and_versions_are_told(tmp_path: Path) -> None:
    """A web page is no GGUF; a version to come is named."""
    with pytest.raises(ModelInstallError, match="no GGUF file"):
        header_of(tmp_path, b"<!doctype html>")
    with pytest.raises(ModelInstallError, match="version 9"):
        header_of(tmp_path, gguf(version=9))


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    """In the middle of the header and where the weights begin: never taken for whole."""
    whole = gguf()
    end = len(whole) - 4096
    for length in [*range(5, end + 1, 7), end]:
        with pytest.raises(ModelInstallError, match="cut short"):
            header_of(tmp_path, whole[:length])


HUGE = 1 << 62


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<QQ", HUGE, 0),
        struct.pack("<QQ", 1, HUGE),
        struct.pack("<QQ", 1, 1) + struct.pack("<Q", HUGE),
        struct.pack("<QQ", 1, 1) + text("k") + struct.pack("<IIQ", 9, 8, HUGE),
        struct.pack("<QQ", 1, 1) + text("k") + struct.pack("<IIQ", 9, 4, HUGE),
        struct.pack("<QQ", 1, 1) + text("k") + struct.pack("<IIQ", 9, 9, 1),
        struct.pack("<QQ", 1, 1) + text("k") + struct.pack("<I", 99),
        struct.pack("<QQ", 1, 0) + text("t") + struct.pack("<I", 1 << 31),
    ],
)
def test_a_hostile_header_costs_nothing(tmp_path: Path, data: bytes) -> None:
    """Counts and lengths beyond all reason are refused before anything is made of them."""
    with pytest.raises(ModelInstallError, match="cannot be read"):
        header_of(tmp_path, b"GGUF" + struct.pack("<I", 3) + data + bytes(64))
