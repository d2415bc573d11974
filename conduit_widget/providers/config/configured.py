"""From checked fields to the configuration of one provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from conduit_widget.errors import SettingsError
from conduit_widget.providers import kinds
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.limits.limit_tracker import ProviderLimits
from conduit_widget.providers.limits.prices import Price
from conduit_widget.providers.provider_config import (
    DEFAULT_URLS,
    OPENAI_KIND,
    REPLAY_KIND,
    Capabilities,
    ProviderConfig,
    Replay,
    Timeouts,
    check_base_url,
    timeouts_for,
)
from conduit_widget.text.pasted import pasted

_METHODS: Final = ("/chat/completions", "/messages")


def configured(
    values: Mapping[str, Any],
    named: Callable[[str], str],
    environ: Mapping[str, str],
    *,
    key: Secret | None,
    key_source: str | None,
    key_needed: bool,
) -> ProviderConfig:
    """Return the provider of these ``values``, by the paths of their fields.

    ``named`` says what to call a field in an error: ``providers[0].kind``, ``CONDUIT_PROVIDER_KIND``.

    Raises:
        SettingsError: values do not go together; the text names the field.

    """
    kind = values.get("kind", OPENAI_KIND)
    if kind not in (known := kinds.names()):
        raise SettingsError(f"{named('kind')} must be one of the kinds there are here: {', '.join(known)}.")
    base_url = api_url(values.get("base_url") or DEFAULT_URLS.get(kind, ""))
    if base_url:
        check_base_url(base_url, named("base_url"))
    elif kind == OPENAI_KIND:
        raise SettingsError(f"{named('base_url')} is missing: give the address of the API.")
    headers, missing_header = _headers(values.get("headers_env", {}), environ)
    return ProviderConfig(
        name=values["name"],
        kind=kind,
        base_url=base_url,
        api_key=key,
        key_variable=key_source,
        key_needed=key_needed,
        model=values.get("model"),
        models=values.get("models", ()),
        priority=values.get("priority", 0),
        context_tokens=values.get("context_tokens"),
        capabilities=Capabilities(**table(values, "capabilities")),
        limits=ProviderLimits(**table(values, "limits")),
        price=_price(values, named),
        headers=headers,
        missing_header=missing_header,
        timeouts=with_timeouts(base_url, table(values, "timeouts")),
        replay=_replay(kind, values, named),
        options=values.get("options", {}),
    )


def table(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the values of a table's fields by their names in it, of values by their paths."""
    return {
        path.removeprefix(f"{name}."): value for path, value in values.items() if path.startswith(f"{name}.")
    }


def with_timeouts(base_url: str, given: Mapping[str, float]) -> Timeouts | None:
    """Return the clocks that fit an address with those ``given`` in their place; None where none is."""
    if not given:
        return None
    clocks: dict[str, float | None] = dict(given)
    if given.get("answer") == 0:
        clocks["answer"] = None
    return msgspec.structs.replace(timeouts_for(base_url), **clocks)


def api_url(base_url: str) -> str:
    """Return a pasted URL without spaces and quotes around it, and without the path of one of its methods."""
    url = pasted(base_url).rstrip("/")
    for method in _METHODS:
        url = url.removesuffix(method).rstrip("/")
    return url


def _price(values: Mapping[str, Any], named: Callable[[str], str]) -> Price | None:
    """Return the price; half of one is a mistake.

    Raises:
        SettingsError: there is only a part of it.

    """
    given = table(values, "price")
    if not given:
        return None
    for half in ("input", "output"):
        if half not in given:
            raise SettingsError(f"{named(f'price.{half}')} is missing: give both prices.")
    return Price(**given)


def _replay(kind: str, values: Mapping[str, Any], named: Callable[[str], str]) -> Replay | None:
    """Return what a replay plays; None for every other kind.

    Raises:
        SettingsError: it has no file, or would record itself; or the fields stand beside another kind.

    """
    given = {field: values[field] for field in ("file", "record_from", "pace") if field in values}
    if kind != REPLAY_KIND:
        if given:
            raise SettingsError(f'{named(next(iter(given)))} is for kind = "{REPLAY_KIND}" only.')
        return None
    if "file" not in given:
        raise SettingsError(f"{named('file')} is missing: name the file of recorded answers.")
    if given.get("record_from") == values["name"]:
        raise SettingsError(f"{named('record_from')} must name another provider.")
    return Replay(**{**given, "file": Path(given["file"]).expanduser()})


def _headers(
    variables: Mapping[str, str], environ: Mapping[str, str]
) -> tuple[tuple[tuple[str, Secret], ...], str | None]:
    """Return the further headers, and the first variable of one that holds nothing, if any.

    Raises:
        SettingsError: no header could carry what a variable holds.

    """
    found, missing = [], None
    for header, variable in variables.items():
        value = pasted(environ.get(variable, ""))
        if not value:
            missing = missing or variable
        elif not (value.isascii() and value.isprintable()):
            raise SettingsError(
                f"{variable} holds a line end or a sign that the header {header} cannot take. Set it anew."
            )
        else:
            found.append((header, Secret(value)))
    return tuple(found), missing
