"""The runtime file: private, whole, and no harm when it is damaged."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest

from conduit_widget.runtime_file import (
    HubRuntime,
    default_data_dir,
    read_runtime,
    remove_runtime,
    runtime_path,
    write_runtime,
)


def runtime(instance: str = "i1") -> HubRuntime:
    """A runtime file's content."""
    return HubRuntime(
        url="http://127.0.0.1:1", pid=1, instance=instance, mint_key="mint-key", version="0", started_at="now"
    )


def test_runtime_file_is_private_whole_and_round_trips(tmp_path: Path) -> None:
    """Only this OS user may read the mint key, and nobody ever sees half a file."""
    data_dir = tmp_path / "new"
    write_runtime(data_dir, runtime())
    assert read_runtime(data_dir) == runtime()
    assert stat.S_IMODE(runtime_path(data_dir).stat().st_mode) == 0o600
    assert [path.name for path in data_dir.iterdir()] == ["hub.json"]


def test_runtime_file_is_replaced_with_private_mode_when_an_old_one_was_open(tmp_path: Path) -> None:
    """A file somebody left world-readable does not lend its mode to the new key."""
    runtime_path(tmp_path).write_text("{}")
    runtime_path(tmp_path).chmod(0o644)
    write_runtime(tmp_path, runtime())
    assert stat.S_IMODE(runtime_path(tmp_path).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "{", "{}", '{"url": 1}', '{"url": "\xff"}'])
def test_unreadable_runtime_file_counts_as_none(tmp_path: Path, content: str) -> None:
    """A damaged file never stops anybody."""
    assert read_runtime(tmp_path) is None
    runtime_path(tmp_path).write_text(content, encoding="latin-1")  # so one of them is no UTF-8
    assert read_runtime(tmp_path) is None


def test_huge_or_deep_runtime_file_counts_as_none(tmp_path: Path) -> None:
    """It is somebody's mistake; it is not read whole."""
    path = tmp_path / "hub.json"
    whole = msgspec.json.encode(runtime())
    path.write_bytes(whole[:-1] + b',"x":' + b"[" * 40 + b"]" * 40 + b"}")
    assert read_runtime(tmp_path) is None
    path.write_bytes(whole + b" " * 100_000)
    assert read_runtime(tmp_path) is None
    path.write_bytes(whole)
    assert read_runtime(tmp_path) is not None


def test_remove_runtime_spares_another_hubs_file(tmp_path: Path) -> None:
    """A hub that ends late does not remove its successor's file."""
    write_runtime(tmp_path, runtime(instance="new"))
    remove_runtime(tmp_path, "old")
    assert read_runtime(tmp_path) is not None
    remove_runtime(tmp_path, "new")
    assert read_runtime(tmp_path) is None
    remove_runtime(tmp_path)


def test_data_directory_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """CONDUIT_DATA_DIR wins over the platform's place."""
    monkeypatch.setenv("CONDUIT_DATA_DIR", str(tmp_path))
    assert default_data_dir() == tmp_path
    monkeypatch.delenv("CONDUIT_DATA_DIR")
    assert default_data_dir().name == "conduit_widget"
