"""Where provider settings come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from conduit_widget.errors import SettingsError
from conduit_widget.providers.config import ProviderSettings
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.provider_config import ProviderConfig

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
    assert settings.configured[1].clocks.first_token == 3
    assert settings.configured[1].clocks.idle == 30  # what is not configured is as the URL has it


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


def test_kind_and_its_options_are_read(tmp_path: Path) -> None:
    """The kind is OpenAI's unless another is named; only OpenAI's needs an address."""
    text = "[[providers]]\nname = 'mini'\nkind = 'local'\noptions = { words = 'a b' }\n"
    (tmp_path / "config.toml").write_text(text + CONFIG)
    mini, house = load(tmp_path, {"HOUSE_KEY": "k"}).configured
    assert (mini.kind, mini.base_url, mini.options) == ("local", "", {"words": "a b"})
    assert house.kind == "openai"


ENTRY = "[[providers]]\nname = 'x'\n"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[[providers", "TOML"),
        (ENTRY, "base_url"),
        (ENTRY + "base_url = 3", "base_url"),
        (ENTRY + "base_url = 'http://x'\napi_key = 'sk-inline'", "api_key"),
        (ENTRY + "base_url = 'ftp://x'", "providers[0].base_url"),
        (ENTRY + "base_url = 'http://me:sk-inline@x/v1'", "providers[0].base_url"),
        (ENTRY + "base_url = 'http://x/v1?key=sk-inline'", "providers[0].base_url"),
        (ENTRY + "base_url = 'http://[::1/v1'", "providers[0].base_url"),
        (ENTRY + "base_url = 'http://127.0.0.1:99999/v1'", "providers[0].base_url"),
        (ENTRY + "base_url = 'http://127.0.0.1:0/v1'", "providers[0].base_url"),
        (ENTRY + "base_url = 'http://127.0.0.1:x/v1'", "providers[0].base_url"),
        (ENTRY + "base_url = 'http://a b/v1'", "providers[0].base_url"),
        (ENTRY + "base_url = 'http://x/v1'\ncontext_tokens = -1", "context_tokens"),
        (ENTRY + "base_url = 'http://x/v1'\ntimeouts = { idle = -1 }", "timeouts.idle"),
        (ENTRY + "base_url = 'http://x/v1'\ntimeouts = { idle = nan }", "timeouts.idle"),
        (ENTRY + "base_url = 'http://x/v1'\ntimeouts = { idel = 3 }", "idel"),
        (
            "[[providers]]\nname = 'x'\nkind = 'acme'",
            "providers[0].kind is none of the kinds of providers here: local",
        ),
        ("[[providers]]\nname = ''\nbase_url = 'http://x/v1'", "providers[0].name"),
        ('[[providers]]\nname = "a\\u202eb"\nbase_url = "http://x/v1"', "providers[0].name"),
        ("[[provider]]\nname = 'x'\nbase_url = 'http://x/v1'", "provider"),
        ("a = " + "[" * 3000 + "]" * 3000, "nests"),
        ("a = " + "[" * 40 + "]" * 40, "nests"),
        ("providers = 1", "providers"),
    ],
)
def test_bad_file_is_one_clear_line(tmp_path: Path, text: str, named: str) -> None:
    """A broken file is refused with one line that names file and field and no secret; no key may be in it."""
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, {})
    assert "\n" not in str(caught.value)
    assert "sk-inline" not in str(caught.value)
    assert str(tmp_path / "config.toml") in str(caught.value)
    assert named in str(caught.value)


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A folder in its place, or other bytes."""
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=r"config\.toml: it is no UTF-8 text\."):
        load(tmp_path, {})
    path.unlink()
    path.mkdir()
    with pytest.raises(SettingsError, match=r"config\.toml: it cannot be read"):
        load(tmp_path, {})


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"CONDUIT_PROVIDER_URL": "http://[::1/v1"}, "CONDUIT_PROVIDER_URL"),
        ({"CONDUIT_PROVIDER_URL": "http://h:99999/v1"}, "CONDUIT_PROVIDER_URL"),
        ({"CONDUIT_PROVIDER_URL": "localhost:9000"}, "CONDUIT_PROVIDER_URL"),
        ({"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://h:x"}, "OPENAI_BASE_URL"),
        ({"OPENAI_API_KEY": "sk-se\ncret"}, "OPENAI_API_KEY"),
        (
            {"CONDUIT_PROVIDER_URL": "http://h/v1", "CONDUIT_PROVIDER_KEY": "sk-secret\u20ac"},
            "CONDUIT_PROVIDER_KEY",
        ),
        ({"CONDUIT_DETECT": "maybe"}, "CONDUIT_DETECT"),
    ],
)
def test_bad_variable_is_named(tmp_path: Path, environ: dict[str, str], named: str) -> None:
    """One line that says which variable, and not what is in it."""
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, environ)
    assert str(caught.value).startswith(named)
    assert "sk-se" not in str(caught.value)


def test_key_never_shows() -> None:
    """No repr or string of the settings holds the key."""
    config = ProviderConfig(name="x", base_url="http://x/v1", api_key=Secret("sk-hidden"))
    settings = ProviderSettings(configured=(config,))
    assert "sk-hidden" not in f"{config!r} {settings!r} {config.api_key} {config.api_key!r}"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (" http://gpu-box:8000/v1 ", "http://gpu-box:8000/v1"),
        ("\u201chttp://gpu-box:8000/v1/\u201d\n", "http://gpu-box:8000/v1"),
        ("http://gpu-box:8000/v1/chat/completions", "http://gpu-box:8000/v1"),
    ],
)
def test_pasted_address_and_key_are_freed_of_what_is_around_them(
    tmp_path: Path, url: str, expected: str
) -> None:
    """Spaces, quotes and a method's path are surely not meant."""
    environ = {"CONDUIT_PROVIDER_URL": url, "CONDUIT_PROVIDER_KEY": "\u201csk-1\u201d\n"}
    (only,) = load(tmp_path, environ).configured
    assert (only.base_url, only.api_key, only.key_variable) == (
        expected,
        Secret("sk-1"),
        "CONDUIT_PROVIDER_KEY",
    )


@pytest.mark.parametrize("key", ["sk\u20131", "sk-\n1", "sk 1"])
def test_key_that_cannot_be_mended_names_its_variable(tmp_path: Path, key: str) -> None:
    """A dash of a word processor, a line end in the middle: the variable is named, not its value."""
    with pytest.raises(SettingsError, match="OPENAI_API_KEY") as caught:
        load(tmp_path, {"OPENAI_API_KEY": key})
    assert key not in str(caught.value)


def test_clocks_fit_the_server(tmp_path: Path) -> None:
    """An own server loads its model for minutes; a hosted one has a minute."""
    (own,) = load(tmp_path, {"CONDUIT_PROVIDER_URL": "http://127.0.0.1:8000/v1"}).configured
    (hosted,) = load(tmp_path, {"OPENAI_API_KEY": "k"}).configured
    assert own.clocks.first_token >= 180
    assert hosted.clocks.first_token == 60


def test_ipv6_address_names_its_provider_in_brackets(tmp_path: Path) -> None:
    """The name is an address that can be pasted back."""
    (only,) = load(tmp_path, {"CONDUIT_PROVIDER_URL": "http://[::1]:8000/v1"}).configured
    assert only.name == "[::1]:8000"
