"""Where provider settings come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers.config import ProviderConfig, ProviderSettings, Secret

CONFIG = """
[[providers]]
name = "house"
base_url = "https://llm.example/v1"
api_key_env = "HOUSE_KEY"
model = "big"
timeouts = { first_token = 3 }
"""


def load(tmp_path: Path, environ: dict[str, str], **flags: str) -> ProviderSettings:
    """Load with this environment only."""
    return ProviderSettings.load(tmp_path, environ=environ, **flags)


def test_flags_win_over_file_and_file_over_environment(tmp_path: Path) -> None:
    """The order is flags, config.toml, CONDUIT_*, OPENAI_*."""
    (tmp_path / "config.toml").write_text(CONFIG)
    environ = {
        "CONDUIT_PROVIDER_URL": "http://10.0.0.5:9000/v1",
        "CONDUIT_PROVIDER_KEY": "k1",
        "CONDUIT_MODEL": "m1",
        "OPENAI_API_KEY": "k2",
        "HOUSE_KEY": "k3",
    }
    settings = load(tmp_path, environ, base_url="https://flag.example/v1", api_key="k0", model="m0")
    assert [(item.name, item.api_key, item.model) for item in settings.configured] == [
        ("flag.example", Secret("k0"), "m0"),
        ("house", Secret("k3"), "big"),
        ("10.0.0.5:9000", Secret("k1"), "m0"),
        ("openai", Secret("k2"), "m0"),
    ]
    assert settings.configured[1].timeouts.first_token == 3
    assert settings.configured[1].timeouts.idle == 15


def test_openai_variables_are_used_when_they_are_all_there_is(tmp_path: Path) -> None:
    """OPENAI_API_KEY goes to api.openai.com unless OPENAI_BASE_URL says otherwise."""
    (only,) = load(tmp_path, {"OPENAI_API_KEY": "k"}).configured
    assert (only.name, only.base_url, bool(only.model)) == ("openai", "https://api.openai.com/v1", True)
    (other,) = load(tmp_path, {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "https://eu.example/v1"}).configured
    assert (other.name, other.base_url, other.model) == ("eu.example", "https://eu.example/v1", None)


def test_nothing_is_configured_when_nothing_is_said(tmp_path: Path) -> None:
    """An empty environment configures nothing and leaves detection on."""
    settings = load(tmp_path, {})
    assert (settings.configured, settings.preferred, settings.detect) == ((), None, True)
    assert load(tmp_path, {"CONDUIT_DETECT": "0"}).detect is False
    assert load(tmp_path, {"CONDUIT_PROVIDER": "local"}).preferred == "local"
    assert load(tmp_path, {"CONDUIT_MODELS_DIR": "/m"}).models_dir == Path("/m")


def test_missing_key_is_named_when_its_variable_is_unset(tmp_path: Path) -> None:
    """The variable is remembered so that the status can name it."""
    (tmp_path / "config.toml").write_text(CONFIG)
    (house,) = load(tmp_path, {}).configured
    assert house.missing_key == "HOUSE_KEY"


@pytest.mark.parametrize(
    "text",
    [
        "[[providers",
        "[[providers]]\nname = 'x'",
        "[[providers]]\nname = 'x'\nbase_url = 3",
        "[[providers]]\nname = 'x'\nbase_url = 'http://x'\napi_key = 'sk-inline'",
        "[[providers]]\nname = 'x'\nbase_url = 'ftp://x'",
        "[[providers]]\nname = 'x'\nbase_url = 'http://me:sk-inline@x/v1'",
        "[[providers]]\nname = 'x'\nbase_url = 'http://x/v1?key=sk-inline'",
    ],
)
def test_bad_file_is_one_clear_line(tmp_path: Path, text: str) -> None:
    """A broken file is refused with one line that names no secret; keys may not stand in it."""
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(ProviderError) as caught:
        load(tmp_path, {})
    assert "\n" not in str(caught.value)
    assert "sk-inline" not in str(caught.value)


def test_key_never_shows() -> None:
    """No repr or string of the settings holds the key."""
    config = ProviderConfig(name="x", base_url="http://x/v1", api_key=Secret("sk-hidden"))
    settings = ProviderSettings(configured=(config,))
    assert "sk-hidden" not in f"{config!r} {settings!r} {config.api_key} {config.api_key!r}"
