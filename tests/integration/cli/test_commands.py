"""The command line: ``check``, ``token``, ``model`` and refusals, as processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import conduit_widget
from conduit_widget.app import signing_authority
from conduit_widget.cli import main
from conduit_widget.hub.auth.opaque_keys import OpaqueKeyFile
from tests.support.hub.live_hub import LiveHub


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``conduit-widget`` with arguments."""
    return subprocess.run(
        [sys.executable, "-m", "conduit_widget", *arguments],
        env={**os.environ, "CONDUIT_PROVIDER": "local", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_token_prints_a_token_for_that_hub_and_nothing_else(tmp_path: Path) -> None:
    """The one line on stdout is a JWT the data directory's hub accepts, with name and lifetime."""
    done = run("token", "ada", "--name", "Ada Lovelace", "--ttl", "60", "--data-dir", str(tmp_path))
    assert done.returncode == 0
    assert done.stderr == ""
    (line,) = done.stdout.splitlines()
    principal = signing_authority(tmp_path, None).verify(line)
    assert (principal.user_id, principal.user_name) == ("ada", "Ada Lovelace")
    assert principal.claims["exp"] - principal.claims["iat"] == 60


def test_token_of_a_key_file_is_for_hubs_with_that_key(tmp_path: Path) -> None:
    """A site's key signs; one that is too short is refused by its length, never shown."""
    key = tmp_path / "site.key"
    key.write_text("k" * 40)
    done = run("token", "ada", "--data-dir", str(tmp_path), "--key-file", str(key))
    assert signing_authority(tmp_path, key).verify(done.stdout.strip()).user_id == "ada"
    key.write_text("hushhush")
    refused = run("token", "ada", "--data-dir", str(tmp_path), "--key-file", str(key))
    assert refused.returncode == 2
    assert "8 bytes" in refused.stderr
    assert "hushhush" not in refused.stderr


def test_key_is_printed_once_listed_and_taken_back(tmp_path: Path) -> None:
    """One line on stdout is the key; the list shows whose keys there are, never a key."""
    made = run(
        *("key", "create", "bot", "--name", "The Bot", "--days", "2", "--role", "operator"),
        *("--data-dir", str(tmp_path)),
    )
    assert made.returncode == 0, made.stderr
    (key,) = made.stdout.splitlines()
    assert key.startswith("condt_")
    assert key not in made.stderr
    listed = run("key", "list", "--data-dir", str(tmp_path)).stdout
    assert "bot  (The Bot, roles operator)" in listed
    assert key not in listed
    assert key[6:] not in (tmp_path / "keys.json").read_text()
    key_id = listed.split()[0]
    assert run("key", "remove", key_id, "--data-dir", str(tmp_path)).returncode == 0
    assert run("key", "list", "--data-dir", str(tmp_path)).stdout == ""
    again = run("key", "remove", key_id, "--data-dir", str(tmp_path))
    assert (again.returncode, again.stdout) == (1, "")
    assert "key list" in again.stderr


@pytest.mark.parametrize(
    ("options", "expected"),
    [(("--days", "0"), "--days"), (("--role", ""), "--role"), (("--grace", "-1"), "--grace")],
)
def test_key_says_what_is_wrong_when_misused(tmp_path: Path, options: tuple[str, ...], expected: str) -> None:
    """One line that names the option."""
    action = ("rotate",) if "--grace" in options else ("create", "bot")
    done = run("key", *action, *options, "--data-dir", str(tmp_path))
    assert done.returncode == 2
    assert expected in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_check_names_versions_and_the_provider_of_a_new_hub(tmp_path: Path) -> None:
    """Without a hub it says so, and what would answer; nothing is started."""
    done = run("check", "--data-dir", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "anywidget" in done.stdout
    assert "the first widget starts one" in done.stdout
    assert "local: healthy" in done.stdout
    assert not (tmp_path / "hub.json").exists()


def test_check_measures_the_way_to_a_running_hub(tmp_path: Path) -> None:
    """With a hub it says where, how far, and what answers there."""
    hub = LiveHub(tmp_path, {"CONDUIT_PROVIDER": "local"}).start()
    try:
        done = run("check", "--data-dir", str(tmp_path))
        assert done.returncode == 0, done.stderr
        assert f"{hub.url}/hubs/chat, round trip" in done.stdout
        assert " ms" in done.stdout
    finally:
        hub.stop()


def test_check_fails_in_words_when_no_model_is_there(tmp_path: Path) -> None:
    """With no provider at all the report ends with the one command that fixes it, and exit code 1."""
    done = run(
        *("check", "--data-dir", str(tmp_path)),
        CONDUIT_PROVIDER="",
        CONDUIT_DETECT="0",
        CONDUIT_MODELS_DIR=str(tmp_path / "none"),
    )
    assert done.returncode == 1
    assert "conduit-widget model install" in done.stdout


def test_check_of_a_hub_out_of_reach_says_so(tmp_path: Path) -> None:
    """A configured hub that is not there is one line and exit code 1."""
    done = run(
        "check", "--data-dir", str(tmp_path), CONDUIT_HUB_URL="http://127.0.0.1:9", CONDUIT_HUB_TOKEN="t"
    )
    assert done.returncode == 1
    assert "http://127.0.0.1:9" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("nonsense",), "nonsense"),
        (("token",), "USER"),
        (("serve", "--port", "x"), "--port"),
        (("serve", "--port", "99999"), "from 0 to 65535"),
        (("serve", "--port", "-1"), "from 0 to 65535"),
        (("serve", "--idle-timeout", "nan"), "--idle-timeout"),
        (("serve", "--drain-seconds", "inf"), "--drain-seconds"),
        (("serve", "--trusted-proxy", "proxy.local"), "--trusted-proxy"),
        (("demo", "--port", "80000"), "from 0 to 65535"),
        (("token", "ada", "--ttl", "-5"), "--ttl"),
        (("token", "ada", "--ttl", "nan"), "--ttl"),
        (("token", ""), "USER"),
        (("token", " \u200d "), "USER"),
        (("token", "a\u202eb"), "USER"),
        (("token", "x" * 300), "1 to 128 characters"),
        (("key", "create", "\u3000"), "USER"),
        (("key", "create", "bot", "--days", "nan"), "--days"),
        (("revoke", "--user", ""), "--user"),
        (("top", "http://[::1"), "http://HOST:PORT"),
        (("top", "--interval", "x"), "--interval"),
    ],
)
def test_misuse_is_one_line_that_names_the_option(
    arguments: tuple[str, ...], named: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, nothing on stdout, no traceback, and nothing was made or started."""
    code = in_process(*arguments)
    output = capfd.readouterr()
    assert (code, output.out) == (2, "")
    (line,) = output.err.splitlines()
    assert named in line
    assert "\u202e" not in line
    assert list(tmp_path.iterdir()) == []


def in_process(*arguments: str) -> int:
    """Run a command here; return its exit code."""
    try:
        return main(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)


def test_path_of_a_model_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A path that leads nowhere is no answer for a script; the remedy is."""
    done = run("model", "path", CONDUIT_MODELS_DIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "conduit-widget model install" in done.stderr


def test_command_alone_shows_what_there_is(capfd: pytest.CaptureFixture[str]) -> None:
    """The list of commands, the version, and proper names in every description."""
    assert in_process() == 0
    assert "    demo " in capfd.readouterr().out
    assert in_process("--version") == 0
    assert capfd.readouterr().out == f"conduit-widget {conduit_widget.__version__}\n"
    for command, words in (("token", "Print a JWT for a user"), ("demo", "Open JupyterLab on a notebook")):
        assert in_process(command, "--help") == 0
        assert words in capfd.readouterr().out


def test_folder_that_cannot_be_made_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A file in its place: named, no traceback."""
    (tmp_path / "file").touch()
    assert in_process("token", "ada", "--data-dir", str(tmp_path / "file")) != 0
    (line,) = capfd.readouterr().err.splitlines()
    assert str(tmp_path / "file") in line


def test_names_others_chose_cannot_steer_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A keys file and a provider that somebody edited: control characters and turned text are escapes."""
    keys = OpaqueKeyFile(tmp_path / "keys.json")
    keys.create("bot", "Bot")
    text = keys.path.read_text().replace('"Bot"', '"\\u001b[2J\\u202eevil\\u0085"')
    keys.path.write_text(text)
    assert in_process("key", "list", "--data-dir", str(tmp_path)) == 0
    output = capfd.readouterr().out
    assert r"\x1b[2J\u202eevil\x85" in output
    assert all(character.isprintable() for character in output.rstrip("\n"))


@pytest.mark.parametrize("how", ["-m", "script"])
def test_file_of_the_present_folder_does_not_run(tmp_path: Path, how: str) -> None:
    """Modules of the standard library's names beside the notebook, whichever way the command is called."""
    for name in ("html", "random", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a file of the folder ran')")
    command = (
        [sys.executable, "-m", "conduit_widget"]
        if how == "-m"
        else [str(Path(sys.executable).parent / "conduit-widget")]
    )
    done = subprocess.run(
        [*command, "check", "--data-dir", str(tmp_path / "data")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert "a file of the folder ran" not in done.stderr + done.stdout
    assert "python" in done.stdout.lower()
