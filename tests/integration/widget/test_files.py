"""Files at the prompt: sent, saved, opened; over a hub that is killed in between; and those of the views."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
import pytest

from conduit_widget import Chat
from conduit_widget.errors import HubException, ValidationError
from conduit_widget.runtime_file import read_runtime
from conduit_widget.types.attached_files import size_text
from conduit_widget.widget.attachments.pace import BURST_BYTES, BYTES_PER_SECOND, Pace
from conduit_widget.widget.attachments.sources import sources_of
from tests.support.hub.local_process import kill_hub, stop_hub
from tests.support.waiting import eventually_sync

LARGE = random.Random(7).randbytes(25 * 1024 * 1024)


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data directory of its own, whose hub ends with the test."""
    folder = tmp_path / "data"
    monkeypatch.setenv("CONDUIT_DATA_DIR", str(folder))
    monkeypatch.setenv("CONDUIT_PROVIDER", "none")
    yield folder
    runtime = read_runtime(folder)
    if runtime is not None:
        stop_hub(runtime.pid)


def pid_of(folder: Path) -> int:
    """The process of the hub that serves now."""
    runtime = read_runtime(folder)
    assert runtime is not None
    return runtime.pid


def test_what_is_sent_from_python_comes_back(data_dir: Path, tmp_path: Path) -> None:
    """A path, bytes, a table: each by name and type, saved, opened and read as a table again."""
    (tmp_path / "notes.md").write_text("# Notes")
    frame = pd.DataFrame({"year": [2024, 2025], "sales": [1.5, 2.5]})
    chat = Chat("files")
    try:
        sent = chat.send(
            "", files=[tmp_path / "notes.md", ("raw.bin", b"\0\1"), frame, ("t.csv", frame)], respond=False
        )
        receipt = sent.result(60)
        [message] = [each for each in chat.messages if each.id == receipt.id]
        assert [(each.name, each.media_type) for each in message.files] == [
            ("notes.md", "text/markdown"),
            ("raw.bin", "application/octet-stream"),
            ("table.csv", "text/csv"),
            ("t.csv", "text/csv"),
        ]
        notes, raw, table, _ = message.files
        assert notes.save(tmp_path / "copy.md").read_text() == "# Notes"
        own = tmp_path / "notes.md"
        own.write_text("mine")
        assert notes.save(tmp_path) == tmp_path / "notes (1).md"
        assert own.read_text() == "mine", "whoever sent the file chose its name"
        assert notes.save(own).read_text() == "# Notes"
        assert raw.read() == b"\0\1"
        assert table.open().readline() == b"year,sales\n"
        pd.testing.assert_frame_equal(table.to_frame(), frame)
        with pytest.raises(ValueError, match=r"raw.bin is application/octet-stream: no table"):
            raw.to_frame()
        assert not list(tmp_path.glob("*.part"))
        chat.delete(receipt).result(30)
        with pytest.raises(HubException, match="no such file"):
            notes.read()
    finally:
        chat.close()
    with pytest.raises(LookupError, match=r"create Chat\('files'\)"):
        notes.read()


def test_25_mib_up_and_down_while_the_hub_is_killed_twice_each_way(data_dir: Path, tmp_path: Path) -> None:
    """Byte for byte, and what is told of the progress never goes back."""
    path = tmp_path / "large.bin"
    path.write_bytes(LARGE)
    chat = Chat("large")
    seen: list[int] = []
    try:
        chat.wait_connected(60)

        def kill_at(share: float, moved: Any) -> None:
            eventually_sync(lambda: _note(moved) > share * len(LARGE), what=f"{share:.0%}")
            kill_hub(pid_of(data_dir))

        def _note(moved: Any) -> int:
            seen.append(moved())
            return seen[-1]

        pending = chat.send("large", files=path, respond=False)
        for share in (0.2, 0.6):
            kill_at(share, lambda: pending.progress[0])  # type: ignore[attr-defined]
        receipt = pending.result(120)
        assert seen == sorted(seen)
        eventually_sync(lambda: [m for m in chat.messages if m.id == receipt.id and m.files], what="it")
        [file] = next(each for each in chat.messages if each.id == receipt.id).files
        assert file._file.sha256 == hashlib.sha256(LARGE).hexdigest()

        got, shares = bytearray(), [0.6, 0.3]

        def write(piece: bytes) -> None:
            got.extend(piece)
            if shares and len(got) > shares[-1] * len(LARGE):
                shares.pop()
                kill_hub(pid_of(data_dir))

        chat.fetch_file(file._file, write)
        assert not shares
        assert got == LARGE
    finally:
        chat.close()


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ("nowhere.csv", r"files: nowhere.csv is no file here"),
        ([b"x"] * 11, r"files: has 11 files; the limit is 10"),
        ([object()], r"files: takes a path, bytes, a DataFrame, a plot, .* not object"),
        (b"x" * (25 * 1024 * 1024 + 1), r"files: file has 26.2 MB; the limit is 26.2 MB"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_one_line(files: object, problem: str) -> None:
    """Before anything is sent."""
    with pytest.raises(ValidationError, match=problem):
        sources_of(files)


def test_path_is_never_shown_beyond_its_name(tmp_path: Path) -> None:
    """The hub and its people learn no folders."""
    path = tmp_path / "deep" / "x.txt"
    path.parent.mkdir()
    path.write_text("x")
    [source] = sources_of(os.fspath(path))
    assert source.name == "x.txt"


def test_views_get_files_slower_than_the_server_drops_them() -> None:
    """Over any three seconds less than three million bytes leave the kernel."""
    now = 100.0
    pace = Pace(lambda: now)
    sent = 0
    leaves: list[tuple[float, int]] = []
    for _ in range(40):
        leaves.append((now + pace.delay(256 * 1024), 256 * 1024))
        sent += 256 * 1024
    for at, _ in leaves:
        window = sum(size for when, size in leaves if at <= when < at + 3.0)
        assert window < 3_000_000 + 256 * 1024
    assert leaves[-1][0] - 100.0 > (sent - BURST_BYTES) / BYTES_PER_SECOND * 0.9


def test_size_is_told_in_units() -> None:
    """As people read it."""
    assert [size_text(size) for size in (0, 999, 1000, 26_214_400)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "26.2 MB",
    ]
