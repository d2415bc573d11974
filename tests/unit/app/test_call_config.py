"""The ``[calls]`` table: what it gives, and one line for everything it may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from conduit_widget.app.call_config import read_call_settings
from conduit_widget.errors import SettingsError
from conduit_widget.providers.config.settings import ProviderSettings

ALL = """
[calls]
stun = ["stun:stun.example.org:3478"]
turn_urls = ["turn:turn.example.org:3478?transport=udp", "turns:turn.example.org"]
turn_secret_env = "TURN"
livekit_url = "wss://live.example.org"
livekit_key_env = "KEY"
livekit_secret_env = "SECRET"
"""
ENVIRON = {"TURN": "north", "KEY": "APIx", "SECRET": "s" * 32}


def test_everything_is_read_and_nothing_is_needed(tmp_path: Path) -> None:
    """Without a table there is no server; the providers' settings leave the table alone."""
    assert read_call_settings(tmp_path, {}).stun == ()
    (tmp_path / "config.toml").write_text(ALL)
    settings = read_call_settings(tmp_path, ENVIRON)
    assert (settings.turn_secret, settings.livekit_key, settings.has_sfu) == ("north", "APIx", True)
    assert settings.turn_urls[1] == "turns:turn.example.org"
    assert ProviderSettings.load(tmp_path, environ={}).configured == ()


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('stun = "stun:x"', r"calls\.stun must be a list of 1 to 16 addresses"),
        ('stun = ["http://x"]', r"calls\.stun must be"),
        ('turn_urls = ["turn:x"]', r"calls\.turn_secret_env is missing: calls\.turn_urls needs it"),
        ('turn_secret_env = "TURN"', r"calls\.turn_urls is missing"),
        ('turn_urls = ["turn:x"]\nturn_secret_env = "NONE"', "the variable NONE is not set"),
        ('turn_urls = ["turn:x"]\nturn_secret_env = "my secret"', "the name of a variable, never the secret"),
        ('livekit_url = "wss://x"\nlivekit_key_env = "KEY"', r"calls\.livekit_secret_env is missing"),
        ('livekit_url = "wss://x"\nlivekit_key_env = "KEY"\nlivekit_secret_env = "TURN"', "needs 32"),
        ('sturn = ["stun:x"]', r"calls\.sturn: there is no such field; the nearest is stun"),
    ],
)
def test_what_cannot_be_used_is_named_without_its_value(tmp_path: Path, table: str, problem: str) -> None:
    """One line with the file, the field and what it takes; no secret is repeated."""
    (tmp_path / "config.toml").write_text(f"[calls]\n{table}\n")
    with pytest.raises(SettingsError, match=problem) as refused:
        read_call_settings(tmp_path, ENVIRON)
    assert "config.toml" in str(refused.value)
    assert "north" not in str(refused.value)
    assert "\n" not in str(refused.value)
