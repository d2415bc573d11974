"""The signing secret's file: private, complete, one for all processes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from conduit_widget.errors import HubStartError
from conduit_widget.hub.secret_file import load_or_create_secret, load_or_create_secrets


def test_secret_is_created_private_when_there_is_none(tmp_path: Path) -> None:
    """32 random bytes in a 0600 file, and nothing left beside it."""
    path = tmp_path / "new" / "key"
    secret = load_or_create_secret(path)
    assert len(secret) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["key"]
    assert load_or_create_secret(path) == secret
    assert load_or_create_secret(tmp_path / "other") != secret


def test_all_processes_get_one_secret_when_they_start_together(tmp_path: Path) -> None:
    """Creation is atomic between processes."""
    code = (
        "import sys, pathlib\n"
        "from conduit_widget.hub.secret_file import load_or_create_secret\n"
        "sys.stdin.read(1)\n"
        "print(load_or_create_secret(pathlib.Path(sys.argv[1])).hex())"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "key")]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(6)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("x")
        process.stdin.flush()
    assert len({process.communicate(timeout=30)[0] for process in processes}) == 1


def test_secrets_are_read_in_order_when_rotating(tmp_path: Path) -> None:
    """The first line signs, the next ones are still accepted."""
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_text("aa" * 32 + "\n" + "bb" * 32 + "\n")
    assert load_or_create_secrets(path) == [b"\xaa" * 32, b"\xbb" * 32]


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_secret_is_refused_when_others_can_read_it(tmp_path: Path) -> None:
    """A key that others may have read is no key; the text says what to do."""
    path = tmp_path / "key"
    load_or_create_secret(path)
    path.chmod(0o644)
    with pytest.raises(HubStartError, match="chmod 600"):
        load_or_create_secret(path)


@pytest.mark.parametrize("content", ["", "zz", "aabb", "\0\0"])
def test_secret_is_refused_when_damaged(tmp_path: Path, content: str) -> None:
    """An empty, short or unreadable file is named, not used."""
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(HubStartError, match="damaged"):
        load_or_create_secret(path)
