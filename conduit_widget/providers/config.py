"""Settings of the providers room: where they come from and what they may say.

Order of precedence (first found wins as the default): command-line flags, ``config.toml`` in the data
directory, environment. Detection on loopback and the installed local model follow in `discovery.py`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from conduit_widget.errors import ProviderError
from conduit_widget.providers.local_model import default_models_dir

LOCAL_PROVIDER: Final = "local"
CONFIG_FILE: Final = "config.toml"
OPENAI_URL: Final = "https://api.openai.com/v1"

_KNOWN_HOSTS: Final = {
    "api.openai.com": "openai",
    "openrouter.ai": "openrouter",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral",
    "api.together.xyz": "together",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "xai",
}
# Only where the service's own list cannot tell a chat model from the rest.
_DEFAULT_MODELS: Final = {"api.openai.com": "gpt-4o-mini"}


class Secret:
    """A key that never shows in a repr, a log or an error; ``reveal`` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the key itself, for the Authorization header only."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class Timeouts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The four clocks of a generation, in seconds.

    ``first_token`` runs from the request to the first delta, ``idle`` between two deltas, ``answer`` over
    the whole generation (None: no limit).
    """

    connect: float = 5.0
    first_token: float = 20.0
    idle: float = 15.0
    answer: float | None = 600.0


LOCAL_TIMEOUTS: Final = Timeouts(first_token=60.0)


class ProviderConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One OpenAI-compatible endpoint. ``key_variable`` names the variable the key should come from."""

    name: str
    base_url: str
    api_key: Secret | None = None
    key_variable: str | None = None
    model: str | None = None
    context_tokens: int | None = None
    timeouts: Timeouts = Timeouts()

    @property
    def missing_key(self) -> str | None:
        """The variable that ought to hold the key and does not."""
        return self.key_variable if self.api_key is None else None

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ProviderError(f"{self.name}: base_url must begin with http:// or https://. Correct it.")
        if parts.username or parts.password or parts.query:
            # URLs reach logs; keys must not.
            raise ProviderError(
                f"{self.name}: base_url must not hold a key. Give it by environment variable."
            )


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything discovery needs; no environment is read after this is made.

    ``preferred`` is the provider to use by default (``local`` forces the local model).
    """

    configured: tuple[ProviderConfig, ...] = ()
    preferred: str | None = None
    detect: bool = True
    models_dir: Path = msgspec.field(default_factory=default_models_dir)

    @classmethod
    def load(
        cls,
        data_dir: Path | None = None,
        *,
        provider: str | None = None,
        base_url: str | None = None,
        api_key: str | None = None,
        model: str | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> ProviderSettings:
        """Gather flags (keyword arguments), ``data_dir/config.toml`` and the environment, in this order.

        Raises:
            ProviderError: config.toml cannot be read; the text names the field.

        """
        env = os.environ if environ is None else environ
        found: list[ProviderConfig] = []
        if base_url:
            key = api_key or env.get("CONDUIT_PROVIDER_KEY")
            found.append(_config(base_url, key, model or env.get("CONDUIT_MODEL")))
        if data_dir is not None:
            found += read_config(data_dir / CONFIG_FILE, env)
        found += from_environment(env, model=model)
        return cls(
            configured=_unique(found),
            preferred=provider or env.get("CONDUIT_PROVIDER") or None,
            detect=env.get("CONDUIT_DETECT", "1").strip().lower() not in {"0", "false", "no", "off"},
            models_dir=default_models_dir(env),
        )


class _ProviderEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    base_url: str
    api_key_env: str | None = None
    model: str | None = None
    context_tokens: int | None = None
    timeouts: Timeouts = Timeouts()


class _ConfigFile(msgspec.Struct, frozen=True):
    providers: list[_ProviderEntry] = []


def read_config(path: Path, environ: Mapping[str, str]) -> list[ProviderConfig]:
    """Read ``[[providers]]`` tables; a missing file is an empty one. Keys come from the environment only.

    Raises:
        ProviderError: the file is not TOML, or a field is missing, unknown or of the wrong kind.

    """
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        entries = msgspec.convert(raw, _ConfigFile).providers
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:  # msgspec's and tomllib's errors are ValueErrors
        raise ProviderError(f"Cannot use {path}: {error}. Correct the file and start again.") from error
    return [
        ProviderConfig(
            name=entry.name,
            base_url=entry.base_url,
            api_key=_secret(environ.get(entry.api_key_env)) if entry.api_key_env else None,
            key_variable=entry.api_key_env,
            model=entry.model,
            context_tokens=entry.context_tokens,
            timeouts=entry.timeouts,
        )
        for entry in entries
    ]


def from_environment(environ: Mapping[str, str], *, model: str | None = None) -> list[ProviderConfig]:
    """Providers the environment names: ``CONDUIT_PROVIDER_URL`` first, then ``OPENAI_API_KEY``."""
    model = model or environ.get("CONDUIT_MODEL")
    found = []
    if url := environ.get("CONDUIT_PROVIDER_URL"):
        found.append(_config(url, environ.get("CONDUIT_PROVIDER_KEY"), model))
    if key := environ.get("OPENAI_API_KEY"):
        found.append(_config(environ.get("OPENAI_BASE_URL") or OPENAI_URL, key, model))
    return found


def _config(base_url: str, key: str | None, model: str | None) -> ProviderConfig:
    host = urlsplit(base_url).hostname or base_url
    return ProviderConfig(
        name=_name_of(base_url),
        base_url=base_url,
        api_key=_secret(key),
        model=model or _DEFAULT_MODELS.get(host),
    )


def _name_of(base_url: str) -> str:
    parts = urlsplit(base_url)
    host = parts.hostname or base_url
    known = _KNOWN_HOSTS.get(host)
    return known or (f"{host}:{parts.port}" if parts.port else host)


def _secret(value: str | None) -> Secret | None:
    return Secret(value.strip()) if value and value.strip() else None


def _unique(found: list[ProviderConfig]) -> tuple[ProviderConfig, ...]:
    """Keep the first of each name: the stronger source wins."""
    by_name: dict[str, ProviderConfig] = {}
    for config in found:
        by_name.setdefault(config.name, config)
    return tuple(by_name.values())
