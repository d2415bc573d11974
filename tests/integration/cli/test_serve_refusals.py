"""What ``serve`` cannot use is one line that names file, field and remedy, with exit code 2."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from conduit_widget.cli import main, serve

PROVIDER = "[[providers]]\nname = 'x'\nbase_url = "


@pytest.fixture(autouse=True)
def same_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave alone what a process of its own would set up: the log, the hooks, the interpreter."""
    monkeypatch.setattr(serve, "configure_logging", lambda *_: None)
    monkeypatch.setattr(serve, "capture_warnings_and_uncaught", lambda: None)
    monkeypatch.setattr(serve, "tune_for_hub", lambda: None)


def refused(capfd: pytest.CaptureFixture[str], data_dir: Path, *options: str, expected_code: int = 2) -> str:
    """Serve; return the one line that says why not."""
    try:
        code = main(["serve", "--port", "0", "--data-dir", str(data_dir), *options])
    except SystemExit as ended:
        code = int(ended.code or 0)
    output = capfd.readouterr()
    assert (code, output.out) == (expected_code, ""), output.err
    (line,) = output.err.splitlines()
    return line


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (PROVIDER + "'http://[::1/v1'", "base_url"),
        (PROVIDER + "'http://127.0.0.1:99999/v1'", "base_url"),
        ("a = " + "[" * 3000 + "]" * 3000, "32 levels"),
        ("providers = 7", "providers"),
    ],
)
def test_bad_config_file(tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str, named: str) -> None:
    """The file, the field, what to do."""
    (tmp_path / "config.toml").write_text(text)
    line = refused(capfd, tmp_path)
    assert str(tmp_path / "config.toml") in line
    assert named in line
    assert "Correct the file" in line


def test_bad_address_of_a_provider_on_the_command_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """By its option."""
    assert "--provider-url" in refused(capfd, tmp_path, "--provider-url", "http://127.0.0.1:99999/v1")


def test_lock_file_that_is_a_link(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It is not followed; the remedy is named."""
    target = tmp_path / "elsewhere"
    target.write_text("kept")
    (tmp_path / "serving.lock").symlink_to(target)
    line = refused(capfd, tmp_path)
    assert str(tmp_path / "serving.lock") in line
    assert "Remove it" in line
    assert target.read_text() == "kept"


def test_history_that_is_no_database_is_named_and_left_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Bytes, a database of another program, and one of a newer version."""
    history = tmp_path / "history.sqlite3"
    history.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    history.chmod(0o600)
    foreign = tmp_path / "foreign.sqlite3"
    with sqlite3.connect(foreign) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
    db.close()
    newer = tmp_path / "newer.sqlite3"
    with sqlite3.connect(newer) as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    for content, remedy in (
        (history.read_bytes(), "move it away"),
        (foreign.read_bytes(), "move it away"),
        (newer.read_bytes(), "update conduit_widget"),
    ):
        history.write_bytes(content)
        line = refused(capfd, tmp_path)
        assert str(history) in line
        assert remedy in line
        assert history.read_bytes() == content


def test_process_says_one_line(tmp_path: Path) -> None:
    """The server's own words at a failed start stay out: ours say what is wrong."""
    (tmp_path / "history.sqlite3").write_bytes(b"no database at all, but long enough to be looked at" * 100)
    done = subprocess.run(
        [sys.executable, "-m", "conduit_widget", "serve", "--port", "0", "--data-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    told = [line for line in done.stderr.splitlines() if "closed to them now" not in line]
    assert len(told) == 1, done.stderr
    assert told[0].startswith(f"conduit-widget: The history {tmp_path / 'history.sqlite3'} is no database")


@pytest.mark.parametrize(
    ("content", "named"),
    [(b"[" * 40 + b"]" * 40, "32 levels"), (b"{", "damaged"), (b'{"revoked": 7}', "damaged")],
)
def test_revocations_that_cannot_be_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes, named: str
) -> None:
    """A hub must not let the revoked in: it says which file, and what to do."""
    path = tmp_path / "revoked.json"
    path.write_bytes(content)
    path.chmod(0o600)
    line = refused(capfd, tmp_path)
    assert str(path) in line
    assert named in line


def test_key_file_that_is_too_short(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Its size and the least, never its content."""
    key = tmp_path / "site.key"
    key.write_text("hushhush")
    line = refused(capfd, tmp_path, "--key-file", str(key))
    assert str(key) in line
    assert "32" in line
    assert "hush" not in line


def test_port_that_is_taken_is_told_with_the_option_that_chooses_another(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What the hub says in general, and the command line's own remedy."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused(capfd, tmp_path, "--port", str(port), expected_code=1)
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use." in line
    assert line.endswith("Choose another with --host or --port (0: any).")
