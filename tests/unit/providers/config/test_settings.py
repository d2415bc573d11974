"""Where provider settings come from."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from conduit_widget.errors import SettingsError
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.failover.policy import FailoverPolicy
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.limits.limit_tracker import ProviderLimits
from conduit_widget.providers.limits.prices import Price
from conduit_widget.providers.provider_config import Capabilities, ProviderConfig, Replay, Timeouts

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


def test_anthropics_variables_come_after_openais(tmp_path: Path) -> None:
    """ANTHROPIC_API_KEY alone is enough; beside OPENAI_API_KEY it is the second choice."""
    (only,) = load(tmp_path, {"ANTHROPIC_API_KEY": " k \n", "CONDUIT_MODEL": "m"}).configured
    assert (only.name, only.kind, only.base_url) == ("anthropic", "anthropic", "https://api.anthropic.com")
    assert (only.api_key, only.key_variable, only.model) == (Secret("k"), "ANTHROPIC_API_KEY", "m")
    environ = {"ANTHROPIC_API_KEY": "k2", "OPENAI_API_KEY": "k1", "CONDUIT_MODEL": "gpt"}
    first, second = load(tmp_path, environ).configured
    assert [(item.name, item.model) for item in (first, second)] == [("openai", "gpt"), ("anthropic", None)]
    environ["ANTHROPIC_BASE_URL"] = "https://gateway.example/anthropic/v1/messages/"
    assert load(tmp_path, environ).configured[1].base_url == "https://gateway.example/anthropic/v1"


def test_anthropic_needs_neither_address_nor_variable(tmp_path: Path) -> None:
    """The kind alone asks the API that it is named after, with the key that it is known by."""
    (tmp_path / "config.toml").write_text("[[providers]]\nname = 'claude'\nkind = 'anthropic'\n")
    (found,) = load(tmp_path, {"ANTHROPIC_API_KEY": "k"}).configured[:1]
    assert (found.name, found.api_key, found.missing_key) == ("claude", Secret("k"), None)
    (found,) = load(tmp_path, {}).configured
    assert found.missing_key == "ANTHROPIC_API_KEY"


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


def test_a_replays_file_lies_beside_the_settings(tmp_path: Path) -> None:
    """What it plays, whom it asks what is missing, and how fast; the same by variables."""
    text = "[[providers]]\nname = 'tape'\nkind = 'replay'\nfile = 'a/b.jsonl'\nrecord_from = 'local'\n"
    (tmp_path / "config.toml").write_text(text)
    (tape,) = load(tmp_path, {}).configured
    assert tape.replay == Replay(file=tmp_path / "a" / "b.jsonl", record_from="local")
    prefix = "CONDUIT_PROVIDER_"
    environ = {f"{prefix}KIND": "replay", f"{prefix}FILE": "/b.jsonl", f"{prefix}PACE": "instant"}
    (tape,) = load(tmp_path / "none", environ).configured
    assert (tape.name, tape.replay) == ("replay", Replay(file=Path("/b.jsonl"), pace="instant"))


ENTRY = "[[providers]]\nname = 'x'\n"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[[providers", "TOML"),
        (ENTRY, "base_url"),
        (ENTRY + "kind = 'replay'", "providers[0].file is missing"),
        (ENTRY + "kind = 'replay'\nfile = 'a'\nrecord_from = 'x'", "providers[0].record_from"),
        (ENTRY + "kind = 'replay'\nfile = 'a'\npace = 'slow'", "providers[0].pace"),
        (ENTRY + "base_url = 'http://x'\nfile = 'a'", "providers[0].file"),
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
        (
            ENTRY + "base_url = 'http://x/v1'\ntimeouts = { idel = 3 }",
            "providers[0].timeouts.idel: there is no such field; the nearest is idle.",
        ),
        (
            ENTRY + "base_url = 'http://x/v1'\ntimeouts = { idle = 0 }",
            "providers[0].timeouts.idle must be a number of seconds above 0, 86400 at most.",
        ),
        (ENTRY + "url = 'http://x/v1'", "providers[0].url: there is no such field; the nearest is base_url."),
        (ENTRY + "base_url = 'http://x/v1'\nzzzzzz = 1", "there are api_key_env, api_key_file, base_url,"),
        (ENTRY + "base_url = 'http://x/v1'\ntimeouts = 3", "providers[0].timeouts must be a table."),
        (ENTRY + "base_url = 'http://x/v1'\npriority = true", "priority must be a whole number from -1000"),
        (ENTRY + "base_url = 'http://x/v1'\nmodels = ['a', 3]", "models must be a list of 1 to 1000 model"),
        (
            ENTRY + "base_url = 'http://x/v1'\ncapabilities = { vision = 'no' }",
            "vision must be true or false",
        ),
        (
            ENTRY + "base_url = 'http://x/v1'\ncapabilities = { visoin = true }",
            "the nearest is vision",
        ),
        (
            ENTRY + "base_url = 'http://x/v1'\nlimits = { requests_per_minute = 0 }",
            "requests_per_minute must be a whole number from 1 to",
        ),
        (ENTRY + "base_url = 'http://x/v1'\nprice = { input = -1, output = 1 }", "input must be a price"),
        (ENTRY + "base_url = 'http://x/v1'\nprice = { input = 1 }", "providers[0].price.output is missing"),
        (
            ENTRY + "base_url = 'http://x/v1'\nprice = { input = 1, output = 1, currency = 'euro' }",
            "currency must be three capital letters such as USD",
        ),
        (
            ENTRY + "base_url = 'http://x/v1'\napi_key_env = 'sk-inline'",
            "api_key_env must be the name of a variable",
        ),
        (
            ENTRY + "base_url = 'http://x/v1'\nheaders_env = { Authorization = 'A' }",
            "headers_env must be a table of at most 32 headers",
        ),
        (ENTRY + "base_url = 'http://x/v1'\nheaders_env = { X-A = 'sk-inline x' }", "headers_env"),
        (
            ENTRY + "base_url = 'http://x/v1'\napi_key_env = 'A'\napi_key_file = 'b'",
            "providers[0] has api_key_env and api_key_file",
        ),
        ((ENTRY + "base_url = 'http://x/v1'\n") * 2, "providers[1].name is that of providers[0]"),
        ("[failover]\npolicy = 'retry'", 'failover.policy must be "continue" or "stop".'),
        ("[failover]\nattempts = 0", "failover.attempts must be a whole number from 1 to 10."),
        ("[failover]\nordre = 'latency'", "failover.ordre: there is no such field; the nearest is order."),
        (
            "[[providers]]\nname = 'x'\nkind = 'acme'",
            "providers[0].kind must be one of the kinds there are here: ",
        ),
        ("[[providers]]\nname = ''\nbase_url = 'http://x/v1'", "providers[0].name"),
        ('[[providers]]\nname = "a\\u202eb"\nbase_url = "http://x/v1"', "providers[0].name"),
        (
            "[[provider]]\nname = 'x'\nbase_url = 'http://x/v1'",
            "provider: there is no such table; the nearest is providers.",
        ),
        (ENTRY + "base_url = 'http://x/v1'\n[[providers]]\nbase_url = 'http://x/v1'", "providers[1].name"),
        ("#" * (1 << 20) + "\n", "larger than 1048576 bytes"),
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


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders here")
def test_pipe_in_place_of_a_file_is_named_and_not_waited_for(tmp_path: Path) -> None:
    """Nobody may ever write to it; that of a key, too."""
    path, key = tmp_path / "config.toml", tmp_path / "key"
    os.mkfifo(path, 0o600)
    os.mkfifo(key, 0o600)
    with pytest.raises(SettingsError, match=r"config\.toml: it is no plain file"):
        load(tmp_path, {})
    path.unlink()
    path.write_text('[[providers]]\nname = "x"\nbase_url = "http://127.0.0.1:9/v1"\napi_key_file = "key"\n')
    with pytest.raises(SettingsError, match=r"key is no plain file"):
        load(tmp_path, {})


@pytest.mark.parametrize(
    "value", ["1" + "0" * 400, "-1" + "0" * 400, "nan", "inf", "-inf", "-1", "true", '"5"', "[]"]
)
@pytest.mark.parametrize("field", ["price.input", "price.output", "timeouts.connect", "timeouts.answer"])
def test_number_that_is_none_of_its_field_is_named(tmp_path: Path, field: str, value: str) -> None:
    """However large it is."""
    (tmp_path / "config.toml").write_text(
        f'[[providers]]\nname = "x"\nbase_url = "http://127.0.0.1:9/v1"\n{field} = {value}\n'
    )
    with pytest.raises(SettingsError, match=rf"providers\[0\]\.{field} must be"):
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
        (
            {"CONDUIT_PROVIDER_TIMEOUTS_IDLE": "soon"},
            "CONDUIT_PROVIDER_TIMEOUTS_IDLE must be a number of sec",
        ),
        (
            {"CONDUIT_PROVIDER_TIMEOUT_IDLE": "3"},
            "CONDUIT_PROVIDER_TIMEOUT_IDLE: there is no such variable; the nearest is"
            " CONDUIT_PROVIDER_TIMEOUTS_IDLE.",
        ),
        ({"CONDUIT_FAILOVER_POLICY": "both"}, 'CONDUIT_FAILOVER_POLICY must be "continue" or "stop".'),
        (
            {"CONDUIT_PROVIDER_URL": "http://h/v1", "CONDUIT_PROVIDER_KIND": "acme"},
            "CONDUIT_PROVIDER_KIND must be one of the kinds there are here",
        ),
        (
            {"CONDUIT_PROVIDER_URL": "http://h/v1", "CONDUIT_PROVIDER_PRIORITY": "high"},
            "CONDUIT_PROVIDER_PRIORITY must be a whole number",
        ),
        (
            {
                "CONDUIT_PROVIDER_URL": "http://h/v1",
                "CONDUIT_PROVIDER_HEADERS_ENV": "X-Team=TEAM",
                "TEAM": "sk-se\ncret",
            },
            "TEAM holds a line end",
        ),
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


EVERYTHING = """
[failover]
policy = "stop"
attempts = 2
order = "latency"
seconds = 90

[[providers]]
name = "house"
base_url = "https://llm.example/v1"
api_key_env = "HOUSE_KEY"
model = "big"
models = ["big", "small", "big"]
priority = 5
context_tokens = 32000
headers_env = { X-Team = "TEAM", X-Org = "ORG" }
options = { any = { thing = [1] } }

[providers.capabilities]
vision = true
system = false

[providers.limits]
requests_per_minute = 60
tokens_per_minute = 100000

[providers.price]
input = 0.15
output = 0.6
currency = "EUR"

[providers.timeouts]
connect = 2
first_token = 120
idle = 15.5
answer = 0
"""
VARIABLES = {
    "CONDUIT_PROVIDER_URL": "https://llm.example/v1",
    "CONDUIT_PROVIDER_NAME": "house",
    "CONDUIT_PROVIDER_KEY": "k1",
    "CONDUIT_MODEL": "big",
    "CONDUIT_PROVIDER_MODELS": "big, small, big",
    "CONDUIT_PROVIDER_PRIORITY": "5",
    "CONDUIT_PROVIDER_CONTEXT_TOKENS": "32000",
    "CONDUIT_PROVIDER_HEADERS_ENV": "X-Team=TEAM, X-Org=ORG",
    "CONDUIT_PROVIDER_CAPABILITIES_VISION": "1",
    "CONDUIT_PROVIDER_CAPABILITIES_SYSTEM": "no",
    "CONDUIT_PROVIDER_LIMITS_REQUESTS_PER_MINUTE": "60",
    "CONDUIT_PROVIDER_LIMITS_TOKENS_PER_MINUTE": "100000",
    "CONDUIT_PROVIDER_PRICE_INPUT": "0.15",
    "CONDUIT_PROVIDER_PRICE_OUTPUT": "0.6",
    "CONDUIT_PROVIDER_PRICE_CURRENCY": "EUR",
    "CONDUIT_PROVIDER_TIMEOUTS_CONNECT": "2",
    "CONDUIT_PROVIDER_TIMEOUTS_FIRST_TOKEN": "120",
    "CONDUIT_PROVIDER_TIMEOUTS_IDLE": "15.5",
    "CONDUIT_PROVIDER_TIMEOUTS_ANSWER": "0",
    "CONDUIT_FAILOVER_POLICY": "stop",
    "CONDUIT_FAILOVER_ATTEMPTS": "2",
    "CONDUIT_FAILOVER_ORDER": "latency",
    "CONDUIT_FAILOVER_SECONDS": "90",
}
HEADERS = {"TEAM": "chat team", "ORG": "o-1"}


def test_file_and_variables_say_the_same(tmp_path: Path) -> None:
    """Every field is read, and a provider described by variables is the one the file describes."""
    (tmp_path / "config.toml").write_text(EVERYTHING)
    of_file = load(tmp_path, {"HOUSE_KEY": "k1", **HEADERS})
    of_variables = load(tmp_path / "none", VARIABLES | HEADERS)
    (house,) = of_file.configured
    assert house == ProviderConfig(
        name="house",
        base_url="https://llm.example/v1",
        api_key=Secret("k1"),
        key_variable="HOUSE_KEY",
        key_needed=True,
        model="big",
        models=("big", "small"),
        priority=5,
        context_tokens=32000,
        capabilities=Capabilities(vision=True, system=False),
        limits=ProviderLimits(requests_per_minute=60, tokens_per_minute=100_000),
        price=Price(input=0.15, output=0.6, currency="EUR"),
        headers=(("X-Team", Secret("chat team")), ("X-Org", Secret("o-1"))),
        timeouts=Timeouts(connect=2, first_token=120, idle=15.5, answer=None),
        options={"any": {"thing": [1]}},
    )
    assert of_file.failover == FailoverPolicy(policy="stop", attempts=2, order="latency", seconds=90)
    assert of_variables.failover == of_file.failover
    (same,) = of_variables.configured
    assert same == msgspec.structs.replace(
        house, key_variable="CONDUIT_PROVIDER_KEY", key_needed=False, options={}
    )


def test_timeouts_of_the_environment_hold_where_the_file_gives_none(tmp_path: Path) -> None:
    """The file's own clock wins; the environment's holds for every other one, of found servers too."""
    (tmp_path / "config.toml").write_text(CONFIG)
    environ = {
        "CONDUIT_PROVIDER_TIMEOUTS_FIRST_TOKEN": "600",
        "CONDUIT_PROVIDER_TIMEOUTS_IDLE": "7",
        "HOUSE_KEY": "k",
        "OPENAI_API_KEY": "k",
    }
    settings = load(tmp_path, environ)
    assert [(item.clocks.first_token, item.clocks.idle) for item in settings.configured] == [(3, 7), (600, 7)]
    assert settings.timeouts == {"first_token": 600.0, "idle": 7.0}


def test_header_without_its_variable_is_named(tmp_path: Path) -> None:
    """The provider is not asked without it, like one without its key."""
    (tmp_path / "config.toml").write_text(CONFIG + "headers_env = { X-Team = 'TEAM' }\n")
    (house,) = load(tmp_path, {"HOUSE_KEY": "k"}).configured
    assert house.missing_header == "TEAM"


KEY_FILE = "[[providers]]\nname = 'x'\nbase_url = 'https://x.example/v1'\napi_key_file = 'x.key'\n"


def test_key_file_is_read_beside_the_file_and_must_be_private(tmp_path: Path) -> None:
    """The key is in a file that its owner alone may read; one that is not there is a missing key."""
    (tmp_path / "config.toml").write_text(KEY_FILE)
    settings = load(tmp_path, {})
    assert settings.configured[0].missing_key == "the file x.key"
    assert settings.sources == (tmp_path / "config.toml", tmp_path / "x.key")
    key = tmp_path / "x.key"
    key.touch(0o600)
    key.write_text("sk-inline\n")
    (only,) = load(tmp_path, {}).configured
    assert (only.api_key, only.missing_key) == (Secret("sk-inline"), None)
    assert "sk-inline" not in repr(settings)
    key.chmod(0o640)
    with pytest.raises(
        SettingsError, match=r"providers\[0\]\.api_key_file: others may read .*chmod 600"
    ) as caught:
        load(tmp_path, {})
    assert "sk-inline" not in str(caught.value)
    key.chmod(0o600)
    key.write_text("sk-in\u2013line")
    with pytest.raises(SettingsError, match=r"api_key_file .*sign that no header takes") as caught:
        load(tmp_path, {})
    assert "sk-in" not in str(caught.value)


def test_key_file_of_the_environment_gives_the_key(tmp_path: Path) -> None:
    """CONDUIT_PROVIDER_KEY_FILE is for those who keep keys out of environments."""
    key = tmp_path / "x.key"
    key.touch(0o600)
    key.write_text("k9")
    environ = {"CONDUIT_PROVIDER_URL": "https://x.example/v1", "CONDUIT_PROVIDER_KEY_FILE": str(key)}
    settings = load(tmp_path, environ)
    assert (settings.configured[0].api_key, settings.sources[-1]) == (Secret("k9"), key)
