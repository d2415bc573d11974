"""The ``[calls]`` table of ``config.toml``: a site's STUN, TURN and LiveKit servers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from conduit_widget.chat.call_settings import CallSettings
from conduit_widget.errors import SettingsError
from conduit_widget.providers.config.fields import Field, Shape, read_table
from conduit_widget.providers.config.file import CONFIG_FILE, read_tables

TABLE: Final = "calls"
MAX_ADDRESSES: Final = 16
LEAST_SECRET_CHARS: Final = 32
"""Of LiveKit's secret, which signs tokens; LiveKit wants as many."""

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


def _matching(says: str, pattern: str) -> Shape:
    def read(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError
        return value

    return Shape(says, read, str)


def _addresses(says: str, pattern: str) -> Shape:
    def read(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not 0 < len(value) <= MAX_ADDRESSES:
            raise ValueError
        if not all(isinstance(each, str) and re.fullmatch(pattern, each) for each in value):
            raise ValueError
        return tuple(value)

    return Shape(
        f"a list of 1 to {MAX_ADDRESSES} addresses such as {says}", read, lambda text: text.split(",")
    )


_VARIABLE_NAME: Final = _matching("the name of a variable, never the secret itself", _VARIABLE.pattern)
CALL_FIELDS: Final = (
    Field(
        "stun",
        _addresses("stun:stun.example.org:3478", r"stuns?:[\w.:\[\]-]{1,253}"),
        "none",
        "STUN servers, by which a browser learns the address that others see it at.",
    ),
    Field(
        "turn_urls",
        _addresses(
            "turn:turn.example.org:3478?transport=udp", r"turns?:[\w.:\[\]-]{1,253}(\?transport=(udp|tcp))?"
        ),
        "none",
        "TURN servers, which carry what no direct way is found for.",
    ),
    Field(
        "turn_secret_env",
        _VARIABLE_NAME,
        "needed with `turn_urls`",
        "The variable with the secret that coturn has as `static-auth-secret`.",
    ),
    Field(
        "livekit_url",
        _matching("an address such as wss://livekit.example.org", r"wss?://[\w.:\[\]/-]{1,253}"),
        "none",
        "A LiveKit server that carries all calls; without one a call has 6 views at most.",
    ),
    Field(
        "livekit_key_env", _VARIABLE_NAME, "needed with `livekit_url`", "The variable with LiveKit's API key."
    ),
    Field(
        "livekit_secret_env", _VARIABLE_NAME, "needed with `livekit_url`", "The variable with its API secret."
    ),
)


def read_call_settings(data_dir: Path, environ: Mapping[str, str]) -> CallSettings:
    """Return what ``config.toml`` in ``data_dir`` says of calls; without such a table no server is known.

    Raises:
        SettingsError: a field is unknown, missing or of the wrong kind, or a variable is not set; the text
            names it and never its value.

    """
    path = data_dir / CONFIG_FILE
    try:
        return _settings(read_table(read_tables(path).get(TABLE, {}), CALL_FIELDS, TABLE), environ)
    except SettingsError as error:
        raise SettingsError(f"Cannot use {path}: {error} Correct the file.") from error


def _settings(values: dict[str, Any], environ: Mapping[str, str]) -> CallSettings:
    needed = {"turn_urls": ("turn_secret_env",), "livekit_url": ("livekit_key_env", "livekit_secret_env")}
    for name, others in needed.items():
        for other in others:
            if (name in values) != (other in values):
                here, lacking = (name, other) if name in values else (other, name)
                raise SettingsError(f"{TABLE}.{lacking} is missing: {TABLE}.{here} needs it.")
    secrets = {name: _secret(values, name, environ) for other in needed.values() for name in other}
    secret = secrets["livekit_secret_env"]
    if secret is not None and len(secret) < LEAST_SECRET_CHARS:
        raise SettingsError(
            f"{TABLE}.livekit_secret_env: the secret has {len(secret)} characters; it needs"
            f" {LEAST_SECRET_CHARS}."
        )
    return CallSettings(
        stun=values.get("stun", ()),
        turn_urls=values.get("turn_urls", ()),
        turn_secret=secrets["turn_secret_env"],
        livekit_url=values.get("livekit_url"),
        livekit_key=secrets["livekit_key_env"],
        livekit_secret=secret,
    )


def _secret(values: dict[str, Any], name: str, environ: Mapping[str, str]) -> str | None:
    variable = values.get(name)
    if variable is None:
        return None
    value = environ.get(variable, "").strip()
    if not value:
        raise SettingsError(f"{TABLE}.{name}: the variable {variable} is not set, or empty.")
    return value
