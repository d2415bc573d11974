"""The command line: ``check``, ``token``, ``model`` and refusals, as processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conduit_widget.app import signing_authority
from tests.support.live_hub import LiveHub


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
    assert refused.returncode == 1
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
    assert done.returncode == 1
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


@pytest.mark.parametrize("arguments", [(), ("nonsense",), ("token",), ("serve", "--port", "x")])
def test_misuse_is_answered_with_usage(arguments: tuple[str, ...]) -> None:
    """What the command does not understand gets its usage and exit code 2."""
    done = run(*arguments)
    assert done.returncode == 2
    assert "usage: conduit-widget" in done.stderr
