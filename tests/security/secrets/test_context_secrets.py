"""What never goes to a model of a kernel's variables: keys, tokens, passwords, values of ``.env``."""

from __future__ import annotations

from pathlib import Path

import pytest

from conduit_widget.context.describing import describe
from conduit_widget.context.gathering import gathered
from conduit_widget.context.masking import MASK, is_secret_name, known_secrets, masked
from conduit_widget.context.namespace import Namespace

SECRET = "Zx8Qp2Lm4Vt7Rw1Nk5Jh9"

TEXTS = [
    f"sk-{SECRET}",
    f"sk-proj-{SECRET}-{SECRET}",
    f"sk-ant-api03-{SECRET}",
    "AKIAIOSFODNN7EXAMPLE",
    f"AIzaSyA{SECRET}{SECRET}",
    f"ghp_{SECRET}{SECRET}",
    f"github_pat_{SECRET}",
    f"glpat-{SECRET}",
    f"xoxb-{SECRET}",
    f"hf_{SECRET}",
    f"condt_{SECRET}",
    f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIi{SECRET}.{SECRET}",
    f"Authorization: Bearer {SECRET}",
    f"Authorization: Basic {SECRET}==",
    f"postgresql://ada:{SECRET}@db.example/chat",
    f"redis://:{SECRET}@cache:6379/0",
    f"https://api.example/v1?api_key={SECRET}&page=2",
    f'password = "{SECRET}"',
    f"API_TOKEN='{SECRET}'",
    f'{{"client_secret": "{SECRET}"}}',
    f"Config(host='h', password='{SECRET}')",
    f"export DB_PASSWORD={SECRET}",
    f"db_password: {SECRET}",
    f"Server=db;User Id=ada;Password={SECRET};",
    f"DefaultEndpointsProtocol=https;AccountKey={SECRET}==;EndpointSuffix=x",
    f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
    f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET}",
]
PLAIN = [
    "The token is the smallest unit: max_tokens = 512, tokens: 30",
    "key: value",
    "https://example.org/path?page=2&sort=key",
    "password policies are discussed in chapter 3",
    "for key in keys: print(key)",
    "author=Ada, monkey=1",
    "skip-links and risk-averse task-lists-are-fine",
    "prompt_tokens=12, completion_tokens='30'",
]


@pytest.mark.parametrize("text", TEXTS)
def test_secrets_are_masked_by_their_shape_or_name(text: str) -> None:
    """Whatever stands around them stays, so that a model understands what it reads."""
    shown, kinds = masked(f"before {text}\nafter" if "export" not in text and "db_" not in text else text)
    assert SECRET not in shown
    assert "EXAMPLE" not in shown
    assert MASK in shown
    assert kinds


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_secret_stays(text: str) -> None:
    """A mask over everything would help nobody."""
    assert masked(text) == (text, [])


def test_values_of_the_environment_and_of_env_are_known(tmp_path: Path) -> None:
    """Wherever they stand: in a table, in an error's text."""
    env = tmp_path / ".env"
    env.write_text(f"# comment\nexport SERVICE_TOKEN='{SECRET}'\nDEBUG=true\n", encoding="utf-8")
    known = known_secrets({"DB_PASSWORD": "correct-horse", "PWD": "/home/ada", "SHORT_KEY": "abc"}, env)
    assert known == [SECRET, "correct-horse"]
    shown, kinds = masked(f"it is {SECRET}, or correct-horse in /home/ada", known)
    assert shown == f"it is {MASK}, or {MASK} in /home/ada"
    assert kinds == ["value of an environment variable"]


def test_names_that_hide_their_values() -> None:
    """Variables, columns and entries under such a name are hidden whole."""
    for name in ("password", "API_KEY", "apiKey", "db_passwd", "client_secret", "auth_token", "credentials"):
        assert is_secret_name(name), name
    for name in ("keys", "monkey", "max_tokens", "tokens_per_second", "author", "n_tokens", "passenger"):
        assert not is_secret_name(name), name
    (described,) = gathered(["api_key"], Namespace({"api_key": "plain looking words"}))
    assert described.text == MASK
    assert "plain" not in str(described)


def test_key_at_a_cut_is_masked_whole() -> None:
    """Masked first, then cut: half a key is a key's half."""
    for offset in range(5900, 6100, 7):
        described = describe("." * offset + f" sk-{SECRET} " + "." * 9000)
        assert SECRET[:6] not in described.text
        assert "sk-" not in described.text


@pytest.mark.parametrize(
    "text",
    [
        "password" * 50_000,
        "a_" * 200_000,
        "-----BEGIN PRIVATE KEY-----" * 5_000,
        "sk-" * 100_000,
        "x://" * 90_000,
    ],
)
def test_masking_ends_soon_on_hostile_text(text: str) -> None:
    """No pattern goes back over what it has read without end."""
    assert not describe(text).problem
