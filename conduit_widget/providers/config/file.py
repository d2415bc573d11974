"""``config.toml``: read, checked field by field, and refused with one line that names what is wrong where."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from conduit_widget.errors import SettingsError
from conduit_widget.nesting import MAX_DEPTH, is_too_deep
from conduit_widget.providers.config.configured import configured
from conduit_widget.providers.config.fields import FAILOVER_FIELDS, PROVIDER_FIELDS, read_table, unknown
from conduit_widget.providers.failover.policy import FailoverPolicy
from conduit_widget.providers.keys import Secret, pasted_key
from conduit_widget.providers.provider_config import DEFAULT_KEY_VARIABLES, KEY_FILE_WORDS, ProviderConfig
from conduit_widget.text.plain_text import shown

CONFIG_FILE: Final = "config.toml"
MAX_BYTES: Final = 1024 * 1024
MAX_PROVIDERS: Final = 100
MAX_KEY_BYTES: Final = 16 * 1024
_TABLES: Final = ("providers", "failover", "calls")
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class ConfigFile(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says. ``failover`` is None where it has no such table; ``key_files`` are all it names."""

    providers: tuple[ProviderConfig, ...] = ()
    failover: FailoverPolicy | None = None
    key_files: tuple[Path, ...] = ()


def read_config(path: Path, environ: Mapping[str, str], timeouts: Mapping[str, float]) -> ConfigFile:
    """Read the file; a missing one is empty. Keys come from variables and files of their own only.

    ``timeouts`` are the seconds that hold for every provider which names none of its own.

    Raises:
        SettingsError: the file cannot be read, is not TOML, or a field is missing, unknown or of the wrong
            kind, or a key file is open to others; the text names file and field.

    """
    try:
        return _read(path, environ, timeouts)
    except SettingsError as error:
        raise SettingsError(f"Cannot use {path}: {error} Correct the file.") from error


def _read(path: Path, environ: Mapping[str, str], timeouts: Mapping[str, float]) -> ConfigFile:
    raw = read_tables(path)
    for name in raw:
        if name not in _TABLES:
            raise unknown("", name, _TABLES, "table")
    entries = raw.get("providers", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SettingsError("providers must be a list of tables: begin each with [[providers]].")
    if len(entries) > MAX_PROVIDERS:
        raise SettingsError(f"providers has {len(entries)} tables; the limit is {MAX_PROVIDERS}.")
    places: dict[str, str] = {}
    providers, key_files = [], []
    for number, entry in enumerate(entries):
        place = f"providers[{number}]"
        values = read_table(entry, PROVIDER_FIELDS, place)
        if "name" not in values:
            raise SettingsError(f"{place}.name is missing: give the provider a name.")
        if (first := places.setdefault(values["name"], place)) != place:
            raise SettingsError(f"{place}.name is that of {first}: give each provider its own.")
        key, source = None, values.get("api_key_env")
        if source is None and not {"base_url", "api_key_file"} & values.keys():
            source = DEFAULT_KEY_VARIABLES.get(values.get("kind", ""))
        if key_path := values.get("api_key_file"):
            if source:
                raise SettingsError(f"{place} has api_key_env and api_key_file: leave one of them out.")
            file = path.parent / Path(key_path).expanduser()
            key, source = read_key_file(file, f"{place}.api_key_file"), source_of(file)
            key_files.append(file)
        elif source:
            key = sendable_key(environ.get(source), source)
        if recording := values.get("file"):
            values["file"] = str(path.parent / Path(recording).expanduser())
        providers.append(
            configured(
                {**{f"timeouts.{name}": seconds for name, seconds in timeouts.items()}, **values},
                lambda field, place=place: f"{place}.{field}",  # type: ignore[misc]
                environ,
                key=key,
                key_source=source,
                key_needed=source is not None,
            )
        )
    failover = None
    if "failover" in raw:
        failover = FailoverPolicy(**read_table(raw["failover"], FAILOVER_FIELDS, "failover"))
    return ConfigFile(providers=tuple(providers), failover=failover, key_files=tuple(key_files))


def read_tables(path: Path) -> dict[str, Any]:
    """Return the file's tables as they are; a missing file has none.

    Raises:
        SettingsError: it cannot be read, or is not TOML.

    """
    try:
        with _open(path) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SettingsError("it is no plain file.")
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise SettingsError(f"it is larger than {MAX_BYTES} bytes.")
        text = data.decode("utf-8")
    except FileNotFoundError:
        return {}
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
        raise SettingsError(f"it is no TOML: {shown(str(error))}.") from error
    if too_deep:
        raise SettingsError(f"it nests more than {MAX_DEPTH} levels deep.")
    return raw


def read_key_file(path: Path, place: str) -> Secret | None:
    """Return the key in a file of its own; None where there is no such file, or it is empty.

    Raises:
        SettingsError: others may read it, or it holds no key; the text names ``place`` and never the key.

    """
    try:
        with _open(path) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SettingsError(f"{place}: {path} is no plain file.")
            if os.name == "posix" and status.st_mode & _OTHERS:
                raise SettingsError(f"{place}: others may read {path}. Run: chmod 600 {path}.")
            data = file.read(MAX_KEY_BYTES + 1)
        if len(data) > MAX_KEY_BYTES:
            raise SettingsError(f"{place}: {path} is larger than {MAX_KEY_BYTES} bytes, and so no key.")
        return sendable_key(data.decode("utf-8"), f"{place} ({path})")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise SettingsError(f"{place}: {path} holds no text.") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(f"{place}: {path} cannot be read ({reason}).") from error


def _open(path: Path) -> BinaryIO:
    """Open a file for reading; a pipe that nobody writes to is not waited for."""
    return open(path, "rb", opener=_without_waiting)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def source_of(key_file: Path) -> str:
    """Return how to name a key file to people: without the folders, which are nobody else's business."""
    return f"{KEY_FILE_WORDS}{key_file.name}"


def sendable_key(value: str | None, name: str) -> Secret | None:
    """Return the key in the text of a variable or a file, ``name``; None where there is none.

    Raises:
        SettingsError: no HTTP header could carry it.

    """
    key = pasted_key(value)
    if key is not None and not key.is_sendable:
        raise SettingsError(
            f"{name}: the key has a blank, a line end or a sign that no header takes, such as a typographic "
            "dash. Set it anew."
        )
    return key
