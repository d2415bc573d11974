"""The data directory is one user's: what is open to others is closed, or refused by name."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

import pytest

from conduit_widget.app.private_folder import close_to_others
from conduit_widget.errors import SettingsError


def mode(path: Path) -> int:
    """The permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_new_folder_is_private(tmp_path: Path) -> None:
    """It is made with its parents."""
    close_to_others(tmp_path / "a" / "b")
    assert mode(tmp_path / "a" / "b") == 0o700


@pytest.mark.parametrize(
    ("before", "after"), [(0o777, 0o755), (0o775, 0o755), (0o755, 0o755), (0o700, 0o700)]
)
def test_folder_that_others_may_write_to_is_closed(
    tmp_path: Path, before: int, after: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Only that: who may look at it is nobody's harm."""
    tmp_path.chmod(before)
    with caplog.at_level(logging.WARNING):
        close_to_others(tmp_path)
    assert mode(tmp_path) == after
    assert (str(tmp_path) in caplog.text) == (before != after)


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
def test_history_that_others_may_read_is_closed(
    tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """With all that SQLite keeps beside it; the content stays."""
    file = tmp_path / f"history.sqlite3{suffix}"
    file.write_bytes(b"kept")
    file.chmod(0o644)
    close_to_others(tmp_path)
    assert mode(file) == 0o600
    assert file.read_bytes() == b"kept"
    assert str(file) in caplog.text


def test_provider_settings_that_others_may_write_to_are_closed(tmp_path: Path) -> None:
    """They say where questions and a key go; who may read them is nobody's harm, no key is in them."""
    file = tmp_path / "config.toml"
    file.touch()
    file.chmod(0o664)
    close_to_others(tmp_path)
    assert mode(file) == 0o644


def test_folder_for_everybody_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A sticky folder such as /tmp: the remedy is a folder in it."""
    tmp_path.chmod(0o1777)
    with pytest.raises(SettingsError, match="--data-dir") as caught:
        close_to_others(tmp_path)
    assert str(tmp_path / "conduit") in str(caught.value)
    assert mode(tmp_path) == 0o1777


def test_what_belongs_to_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folder and history, each by name; nothing is changed."""
    file = tmp_path / "history.sqlite3"
    file.touch(mode=0o644)
    file.chmod(0o644)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(SettingsError, match=str(file)):
        close_to_others(tmp_path)
    tmp_path.chmod(0o777)
    with pytest.raises(SettingsError, match="Others may write"):
        close_to_others(tmp_path)
    assert (mode(tmp_path), mode(file)) == (0o777, 0o644)


def test_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    """A file in its place."""
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"file cannot be used .*--data-dir"):
        close_to_others(tmp_path / "file")


@pytest.mark.parametrize("name", ["history.sqlite3", "config.toml"])
def test_what_is_no_file_is_refused_and_left_alone(tmp_path: Path, name: str) -> None:
    """A link to a device: closing it would close it to everybody."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    pipe.chmod(0o666)
    (tmp_path / name).symlink_to(pipe)
    with pytest.raises(SettingsError, match=f"{name} is no regular file.*--data-dir"):
        close_to_others(tmp_path)
    assert mode(pipe) == 0o666
