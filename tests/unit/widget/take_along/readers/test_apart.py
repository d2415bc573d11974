"""A large file is read in a process of its own: with the same outcome, good or bad."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from conduit_widget.errors import ValidationError
from conduit_widget.widget.take_along.readers import apart
from conduit_widget.widget.take_along.readers.apart import LEAST_BYTES, PIECE_BYTES, read_data, read_path
from tests.unit.widget.take_along.readers.test_readers import chatgpt, node, read, zipped


def large() -> bytes:
    """ChatGPT's export of two conversations: of many pieces, with one message that is longer than a piece."""
    nodes = [node("0", None, text="long " * PIECE_BYTES)]
    nodes += [node(str(n), str(n - 1), text=f"{n} " * 500) for n in range(1, 900)]
    return json.dumps([chatgpt(*nodes), chatgpt(node("a", None), title="Ä 😀")]).encode()


def test_a_large_file_is_the_same_as_read_here(tmp_path: Path) -> None:
    """From a path, sent, and zipped."""
    data = large()
    assert len(data) > LEAST_BYTES
    expected = read(data)
    assert [len(each.messages) for each in expected] == [900, 1]
    path = tmp_path / "export.json"
    path.write_bytes(data)
    assert read_path(path) == expected
    assert read_data(data) == expected
    assert read_data(zipped({"conversations.json": data}, 0)) == expected


@pytest.mark.parametrize("data", [b"[" * 2 * LEAST_BYTES, b"x" * LEAST_BYTES, b"PK" + bytes(LEAST_BYTES)])
def test_what_is_wrong_with_a_large_file_is_said_as_here(data: bytes) -> None:
    """In the same words."""
    with pytest.raises(ValidationError) as here:
        read(data)
    with pytest.raises(ValidationError) as elsewhere:
        read_data(data)
    assert str(elsewhere.value) == str(here.value)


def test_a_process_that_ends_is_an_error_and_no_end_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed for its memory, or never started well."""
    monkeypatch.setattr(
        apart, "python_command", lambda _module: [sys.executable, "-c", "raise SystemExit(3)"]
    )
    with pytest.raises(ValidationError, match="could not be read to its end"):
        read_data(large())


def test_a_small_file_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read sooner than one starts."""
    monkeypatch.setattr(
        apart, "python_command", lambda _module: [sys.executable, "-c", "raise SystemExit(3)"]
    )
    small = json.dumps([chatgpt(node("a", None))]).encode()
    assert read_data(small) == read(small)
