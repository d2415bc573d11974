"""The signing secret's file: private, complete, one for all processes."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from conduit_widget.errors import AuthenticationError, HubStartError
from conduit_widget.hub.auth.local_authority import LocalAuthority
from conduit_widget.hub.auth.secret_file import (
    SecretFile,
    SiteSecretFile,
    load_or_create_secrets,
)


def test_secret_is_created_private_when_there_is_none(tmp_path: Path) -> None:
    """32 random bytes in a 0600 file, and nothing left beside it."""
    path = tmp_path / "new" / "key"
    secret = load_or_create_secrets(path)[0]
    assert len(secret) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["key"]
    assert load_or_create_secrets(path)[0] == secret
    assert load_or_create_secrets(tmp_path / "other")[0] != secret


def test_all_processes_get_one_secret_when_they_start_together(tmp_path: Path) -> None:
    """Creation is atomic between processes."""
    code = (
        "import sys, pathlib\n"
        "from conduit_widget.hub.auth.secret_file import load_or_create_secret\n"
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
    load_or_create_secrets(path)[0]
    path.chmod(0o644)
    with pytest.raises(HubStartError, match="chmod 600"):
        load_or_create_secrets(path)[0]


@pytest.mark.parametrize("content", ["", "zz", "aabb", "\0\0"])
def test_secret_is_refused_when_damaged(tmp_path: Path, content: str) -> None:
    """An empty, short or unreadable file is named, not used."""
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(HubStartError, match="damaged"):
        load_or_create_secrets(path)[0]


@pytest.mark.parametrize("site", [False, True])
def test_old_tokens_stay_good_for_the_grace_when_rotating(tmp_path: Path, site: bool) -> None:
    """A running hub signs with the new secret at once, takes old tokens for the grace, then no more."""
    path, now = tmp_path / "key", [1000.0]
    if site:
        path.write_text("a secret of the site, longer than it need be")
    kind = SiteSecretFile if site else SecretFile
    running = LocalAuthority(kind(path, clock=lambda: now[0]))
    old = running.issue("ann", "Ann", 3600)
    kind(path, clock=lambda: now[0]).rotate(60)
    new = running.issue("ann", "Ann", 3600)
    assert running.verify(old).user_id == running.verify(new).user_id == "ann"
    assert LocalAuthority(kind(path, clock=lambda: now[0])).verify(new).user_id == "ann"
    now[0] += 61
    assert running.verify(new).user_id == "ann"
    with pytest.raises(AuthenticationError):
        running.verify(old)
    kind(path, clock=lambda: now[0]).rotate(0)
    with pytest.raises(AuthenticationError):
        running.verify(new)
    assert all(stat.S_IMODE(item.stat().st_mode) == 0o600 for item in tmp_path.glob("key*[!k]"))
    assert len(SecretFile(path)() if not site else SiteSecretFile(path)()) == 1, "ended secrets are gone"


def test_earlier_grace_is_not_prolonged_when_rotating_again(tmp_path: Path) -> None:
    """The second rotation leaves the first one's end as it is."""
    path, now = tmp_path / "key", [1000.0]
    file = SecretFile(path, clock=lambda: now[0])
    first = file()[0]
    file.rotate(60)
    now[0] += 50
    file.rotate(600)
    assert first in file()
    assert len(file()) == 3
    now[0] += 11
    assert first not in file()


def test_running_hub_keeps_its_secrets_when_the_file_breaks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An accident with the file locks nobody out; the log names it once, without its content."""
    caplog.set_level(logging.DEBUG)
    path = tmp_path / "key"
    running = SecretFile(path)
    secret = running()[0]
    path.write_text("damaged " + secret.hex())
    assert running() == [secret]
    assert running() == [secret]
    assert caplog.text.count("damaged") == 1
    assert secret.hex() not in caplog.text
