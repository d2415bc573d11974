"""Settings of the providers room: where they come from.

Order of precedence (first found wins as the default): command-line flags, ``config.toml`` in the data
directory, environment. Servers on loopback and the installed local model follow in `available`. What each
field and variable takes is in `config_fields`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from conduit_widget.errors import SettingsError
from conduit_widget.providers.addresses import host_and_port
from conduit_widget.providers.config.configured import api_url, configured, table
from conduit_widget.providers.config.fields import (
    FAILOVER_FIELDS,
    FAILOVER_PREFIX,
    PREFIX,
    PROVIDER_FIELDS,
    TIMEOUT_FIELDS,
    parse_switch,
    read_variables,
    unknown,
)
from conduit_widget.providers.config.file import (
    CONFIG_FILE,
    read_config,
    read_key_file,
    sendable_key,
    source_of,
)
from conduit_widget.providers.failover.policy import FailoverPolicy
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.models_dir import default_models_dir
from conduit_widget.providers.provider_config import (
    ANTHROPIC_KIND,
    ANTHROPIC_URL,
    OPENAI_KIND,
    ProviderConfig,
    check_base_url,
)
from conduit_widget.text.pasted import pasted

OPENAI_URL: Final = "https://api.openai.com/v1"

_KNOWN_HOSTS: Final = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "openrouter.ai": "openrouter",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral",
    "api.together.xyz": "together",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "xai",
}
# Only where the service's own list cannot tell a chat model from the rest.
_DEFAULT_MODELS: Final = {"api.openai.com": "gpt-4o-mini"}
_SERVICES: Final = (
    ("OPENAI", OPENAI_KIND, OPENAI_URL),
    ("ANTHROPIC", ANTHROPIC_KIND, ANTHROPIC_URL),
)
"""Whose own variables, ``…_API_KEY`` and ``…_BASE_URL``, name a provider; its kind; its address."""

_VARIABLES: Final = {field.path: field.variable for field in PROVIDER_FIELDS if field.variable}
_URL: Final = _VARIABLES["base_url"]
_MODEL: Final = _VARIABLES["model"]
_KEY_FILE: Final = _VARIABLES["api_key_file"]
_KEY: Final = f"{PREFIX}KEY"
_DESCRIBING: Final = [field for field in PROVIDER_FIELDS if field.path != "base_url"]
_KNOWN: Final = {_KEY, *_VARIABLES.values(), *(field.variable for field in FAILOVER_FIELDS if field.variable)}


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is configured; no environment is read after this is made.

    ``preferred`` is the provider to use by default (``local`` forces the local model). ``timeouts`` (seconds
    by the names of the clocks) hold for providers that nobody configured, too. ``sources`` are the files this
    was read from, also those that were not there.
    """

    configured: tuple[ProviderConfig, ...] = ()
    preferred: str | None = None
    detect: bool = True
    models_dir: Path = msgspec.field(default_factory=default_models_dir)
    failover: FailoverPolicy = FailoverPolicy()
    timeouts: dict[str, float] = {}
    sources: tuple[Path, ...] = ()

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
        _refuse_unknown_variables(env)
        timeouts = table(_timeouts(env), "timeouts")
        found: list[ProviderConfig] = []
        sources: list[Path] = []
        failover = None
        if base_url:
            found.append(_of_variables(env, base_url, "--provider-url", api_key=api_key, model=model))
        if data_dir is not None:
            file = read_config(data_dir / CONFIG_FILE, env, timeouts)
            found += file.providers
            failover = file.failover
            sources += [data_dir / CONFIG_FILE, *file.key_files]
        found += from_environment(env, model=model)
        if key_file := env.get(_KEY_FILE):
            sources.append(Path(key_file).expanduser())
        return cls(
            configured=_unique(found),
            preferred=provider or env.get("CONDUIT_PROVIDER") or None,
            detect=_switch("CONDUIT_DETECT", env.get("CONDUIT_DETECT") or "1"),
            models_dir=default_models_dir(env),
            failover=failover or FailoverPolicy(**read_variables(env, FAILOVER_FIELDS)),
            timeouts=timeouts,
            sources=tuple(sources),
        )


def from_environment(environ: Mapping[str, str], *, model: str | None = None) -> list[ProviderConfig]:
    """Providers of the environment: ``CONDUIT_PROVIDER_URL``, then ``OPENAI_API_KEY``, ``ANTHROPIC_API_KEY``.

    A ``CONDUIT_PROVIDER_KIND`` whose address is known needs no ``CONDUIT_PROVIDER_URL``.
    """
    found = []
    if url := environ.get(_URL):
        found.append(_of_variables(environ, url, _URL, model=model))
    elif environ.get(_VARIABLES["kind"]):
        found.append(_of_variables(environ, "", _URL, model=model))
    for service, kind, url in _SERVICES:
        if pasted(key := environ.get(f"{service}_API_KEY", "")):
            url_name, key_name = f"{service}_BASE_URL", f"{service}_API_KEY"
            values = {
                **_timeouts(environ),
                "kind": kind,
                "base_url": environ.get(url_name) or url,
                # A model that is named for the API of another kind is none of this one's.
                "model": None if any(each.kind != kind for each in found) else model or environ.get(_MODEL),
            }
            found.append(
                _named(values, {"base_url": url_name}, environ, sendable_key(key, key_name), key_name)
            )
    return found


def _of_variables(
    environ: Mapping[str, str],
    base_url: str,
    url_name: str,
    *,
    api_key: str | None = None,
    model: str | None = None,
) -> ProviderConfig:
    """Return the provider that ``CONDUIT_PROVIDER_*`` describe, at the address that ``url_name`` gives."""
    values = {**read_variables(environ, _DESCRIBING), **_timeouts(environ), "base_url": base_url}
    if model:
        values["model"] = model
    key, source = sendable_key(api_key or environ.get(_KEY), _KEY), _KEY
    path = values.get("api_key_file")
    if key is None and path is not None:
        file = Path(path).expanduser()
        key, source = read_key_file(file, _KEY_FILE), source_of(file)
    names = {**_VARIABLES, "base_url": url_name}
    return _named(values, names, environ, key, source, key_needed=path is not None)


def _named(
    values: dict[str, Any],
    names: Mapping[str, str],
    environ: Mapping[str, str],
    key: Secret | None,
    key_source: str,
    *,
    key_needed: bool = False,
) -> ProviderConfig:
    """Return the provider of these values; its host gives it a name and a model where nothing else does."""
    values["base_url"] = api_url(values["base_url"])
    kind = values.get("kind", OPENAI_KIND)
    if values["base_url"] or kind == OPENAI_KIND:
        check_base_url(values["base_url"], names["base_url"])
    values.setdefault("name", _name_of(values["base_url"]) or kind)
    if not values.get("model"):
        values["model"] = _DEFAULT_MODELS.get(urlsplit(values["base_url"]).hostname or "")
    return configured(
        values,
        lambda field: names.get(field, field),
        environ,
        key=key,
        key_source=key_source,
        key_needed=key_needed,
    )


def _timeouts(environ: Mapping[str, str]) -> dict[str, Any]:
    return read_variables(environ, TIMEOUT_FIELDS)


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    """Refuse variables that look like ours and are none: a setting that is misspelt would have no effect.

    Raises:
        SettingsError: there is one; the text names it and the nearest of ours.

    """
    for name in environ:
        if name.startswith((PREFIX, FAILOVER_PREFIX)) and name not in _KNOWN:
            raise unknown("", name, _KNOWN, "variable")


def _name_of(base_url: str) -> str:
    return _KNOWN_HOSTS.get(urlsplit(base_url).hostname or "") or host_and_port(base_url)


def _switch(name: str, value: str) -> bool:
    try:
        return parse_switch(value)
    except ValueError:
        raise SettingsError(f"{name} must be 0 or 1.") from None


def _unique(found: list[ProviderConfig]) -> tuple[ProviderConfig, ...]:
    """Keep the first of each name: the stronger source wins."""
    by_name: dict[str, ProviderConfig] = {}
    for config in found:
        by_name.setdefault(config.name, config)
    return tuple(by_name.values())
