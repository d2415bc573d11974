"""Settings of the providers room: where they come from and what they may say.

Order of precedence (first found wins as the default): command-line flags, ``config.toml`` in the data
directory, environment. Servers on loopback and the installed local model follow in `available`.
"""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from conduit_widget.errors import SettingsError
from conduit_widget.nesting import MAX_DEPTH, is_too_deep
from conduit_widget.pasted import pasted
from conduit_widget.plain_text import is_plain
from conduit_widget.providers import kinds
from conduit_widget.providers.addresses import host_and_port
from conduit_widget.providers.failover_policy import FailoverPolicy
from conduit_widget.providers.keys import Secret, pasted_key
from conduit_widget.providers.models_dir import default_models_dir
from conduit_widget.providers.provider_config import (
    OPENAI_KIND,
    ProviderConfig,
    Timeouts,
    check_base_url,
    timeouts_for,
)

CONFIG_FILE: Final = "config.toml"
MAX_NAME_CHARS: Final = 64
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


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is configured; no environment is read after this is made.

    ``preferred`` is the provider to use by default (``local`` forces the local model).
    """

    configured: tuple[ProviderConfig, ...] = ()
    preferred: str | None = None
    detect: bool = True
    models_dir: Path = msgspec.field(default_factory=default_models_dir)
    failover: FailoverPolicy = FailoverPolicy()

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
            SettingsError: config.toml or a variable cannot be used; the text names it.

        """
        env = os.environ if environ is None else environ
        found: list[ProviderConfig] = []
        if base_url:
            key = api_key or env.get("CONDUIT_PROVIDER_KEY")
            found.append(
                _config(
                    base_url, key, model or env.get("CONDUIT_MODEL"), "--provider-url", "CONDUIT_PROVIDER_KEY"
                )
            )
        if data_dir is not None:
            found += read_config(data_dir / CONFIG_FILE, env)
        found += from_environment(env, model=model)
        return cls(
            configured=_unique(found),
            preferred=provider or env.get("CONDUIT_PROVIDER") or None,
            detect=_switch("CONDUIT_DETECT", env.get("CONDUIT_DETECT") or "1"),
            models_dir=default_models_dir(env),
        )


class _Clocks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Those of :class:`Timeouts` that are configured; the others are as the URL has them."""

    connect: float | msgspec.UnsetType = msgspec.UNSET
    first_token: float | msgspec.UnsetType = msgspec.UNSET
    idle: float | msgspec.UnsetType = msgspec.UNSET
    answer: float | msgspec.UnsetType = msgspec.UNSET

    def over(self, timeouts: Timeouts) -> Timeouts:
        """Return ``timeouts`` with what is configured in their place."""
        configured = {
            key: value for key, value in msgspec.structs.asdict(self).items() if value is not msgspec.UNSET
        }
        return msgspec.structs.replace(timeouts, **configured)


class _ProviderEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    kind: str = OPENAI_KIND
    base_url: str | None = None
    api_key_env: str | None = None
    model: str | None = None
    context_tokens: int | None = None
    timeouts: _Clocks | None = None
    options: dict[str, Any] = {}


class _ConfigFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    providers: list[_ProviderEntry] = []


def read_config(path: Path, environ: Mapping[str, str]) -> list[ProviderConfig]:
    """Read ``[[providers]]`` tables; a missing file is an empty one. Keys come from the environment only.

    Raises:
        SettingsError: the file cannot be read, is not TOML, or a field is missing, unknown or of the wrong
            kind; the text names file and field.

    """
    try:
        return [
            _configured(entry, f"providers[{number}]", environ)
            for number, entry in enumerate(_read_entries(path))
        ]
    except SettingsError as error:
        raise SettingsError(f"Cannot use {path}: {error} Correct the file and start again.") from error


def _read_entries(path: Path) -> list[_ProviderEntry]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SettingsError(f"it cannot be read ({error.strerror or type(error).__name__}).") from error
    except UnicodeDecodeError as error:
        raise SettingsError("it is no UTF-8 text.") from error
    try:
        raw: dict[str, Any] = tomllib.loads(text)
        too_deep = is_too_deep(raw)
    except RecursionError:
        too_deep = True
    except ValueError as error:
        raise SettingsError(f"it is no TOML: {error}.") from error
    if too_deep:
        raise SettingsError(f"it nests more than {MAX_DEPTH} levels deep.")
    try:
        return msgspec.convert(raw, _ConfigFile).providers
    except msgspec.ValidationError as error:
        raise SettingsError(f"{error}.") from error


def _configured(entry: _ProviderEntry, place: str, environ: Mapping[str, str]) -> ProviderConfig:
    if not entry.name or len(entry.name) > MAX_NAME_CHARS or not is_plain(entry.name):
        raise SettingsError(f"{place}.name must have 1 to {MAX_NAME_CHARS} characters, none invisible.")
    if entry.kind not in (known := kinds.names()):
        raise SettingsError(f"{place}.kind is none of the kinds of providers here: {', '.join(known)}.")
    if entry.base_url is None and entry.kind == OPENAI_KIND:
        raise SettingsError(f"{place}.base_url is missing.")
    base_url = api_url(entry.base_url or "")
    if entry.base_url is not None:
        check_base_url(base_url, f"{place}.base_url")
    timeouts = entry.timeouts.over(timeouts_for(base_url)) if entry.timeouts is not None else None
    for field in timeouts.__struct_fields__ if timeouts is not None else ():
        seconds = getattr(timeouts, field)
        if seconds is not None and not 0 < seconds < math.inf:
            raise SettingsError(f"{place}.timeouts.{field} must be a number of seconds above 0.")
    if entry.context_tokens is not None and entry.context_tokens < 1:
        raise SettingsError(f"{place}.context_tokens must be 1 or more.")
    key_variable = entry.api_key_env
    return ProviderConfig(
        name=entry.name,
        kind=entry.kind,
        base_url=base_url,
        api_key=_secret(environ.get(key_variable), key_variable) if key_variable else None,
        key_variable=key_variable,
        key_needed=key_variable is not None,
        model=entry.model,
        context_tokens=entry.context_tokens,
        timeouts=timeouts,
        options=entry.options,
    )


def from_environment(environ: Mapping[str, str], *, model: str | None = None) -> list[ProviderConfig]:
    """Providers the environment names: ``CONDUIT_PROVIDER_URL`` first, then ``OPENAI_API_KEY``."""
    model = model or environ.get("CONDUIT_MODEL")
    found = []
    if url := environ.get("CONDUIT_PROVIDER_URL"):
        key = environ.get("CONDUIT_PROVIDER_KEY")
        found.append(_config(url, key, model, "CONDUIT_PROVIDER_URL", "CONDUIT_PROVIDER_KEY"))
    if pasted(key := environ.get("OPENAI_API_KEY", "")):
        url = environ.get("OPENAI_BASE_URL") or OPENAI_URL
        found.append(_config(url, key, model, "OPENAI_BASE_URL", "OPENAI_API_KEY"))
    return found


def _config(
    base_url: str, key: str | None, model: str | None, url_name: str, key_name: str
) -> ProviderConfig:
    """Return a provider that flags or the environment name; ``url_name`` and ``key_name`` say where."""
    base_url = api_url(base_url)
    check_base_url(base_url, url_name)
    host = urlsplit(base_url).hostname or base_url
    return ProviderConfig(
        name=_name_of(base_url),
        base_url=base_url,
        api_key=_secret(key, key_name),
        key_variable=key_name,
        model=model or _DEFAULT_MODELS.get(host),
    )


def _name_of(base_url: str) -> str:
    return _KNOWN_HOSTS.get(urlsplit(base_url).hostname or "") or host_and_port(base_url)


def api_url(base_url: str) -> str:
    """Return a pasted URL without spaces and quotes around it, and without the path of one of its methods."""
    return pasted(base_url).rstrip("/").removesuffix("/chat/completions").rstrip("/")


def _secret(value: str | None, name: str) -> Secret | None:
    key = pasted_key(value)
    if key is not None and not key.is_sendable:
        raise SettingsError(
            f"{name}: the key has a blank, a line end or a sign that no header takes, such as a typographic "
            "dash. Set it anew."
        )
    return key


def _switch(name: str, value: str) -> bool:
    value = value.strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise SettingsError(f"{name} must be 0 or 1.")


def _unique(found: list[ProviderConfig]) -> tuple[ProviderConfig, ...]:
    """Keep the first of each name: the stronger source wins."""
    by_name: dict[str, ProviderConfig] = {}
    for config in found:
        by_name.setdefault(config.name, config)
    return tuple(by_name.values())
