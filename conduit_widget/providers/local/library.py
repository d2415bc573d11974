"""The models of this machine: those in the models directory, and any other file by its path.

A model is a file ``NAME.gguf``. What was found out when it was installed stands beside it in ``NAME.json``;
a file that was put there by hand has none, and is a model all the same. ``in-use`` holds the name of the one
that answers by default. Every file is written aside and renamed: whoever reads meanwhile, in this process or
another, finds the old state or the new one.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final, Literal

import msgspec

from conduit_widget.errors import UNREADABLE, ModelInstallError, ProviderError
from conduit_widget.providers.local.gguf import GgufHeader, read_header
from conduit_widget.providers.local.model import INSTALL_COMMAND, MODEL_NAME, SMOLLM2
from conduit_widget.text.plain_text import is_plain

SUFFIX: Final = ".gguf"
MAX_NAME_CHARS: Final = 100
_IN_USE: Final = "in-use"
_MAX_RECORD_BYTES: Final = 1 << 16
_DEFAULT_FILE: Final = Path(SMOLLM2.member).name

Checksum = Literal["checked", "computed", "changed", "unknown"]
"""``checked``: the file had the sha256 it had to have. ``computed``: that was computed at the installation.
``changed``: the file is another one by now. ``unknown``: nobody installed it, it lay there."""


class ModelRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out when a model was installed. ``source`` is its URL or path, without any key."""

    sha256: str
    size: int
    modified_ns: int
    is_checked: bool
    source: str
    header: GgufHeader
    installed_at: float = 0.0


class LocalModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model's file that is there; ``size`` is in bytes."""

    name: str
    path: Path
    size: int
    modified_ns: int
    record: ModelRecord | None = None

    @property
    def checksum(self) -> Checksum:
        """What is known of the file's checksum."""
        if self.record is None:
            return "unknown"
        if (self.record.size, self.record.modified_ns) != (self.size, self.modified_ns):
            return "changed"
        return "checked" if self.record.is_checked else "computed"

    @property
    def is_the_small_one(self) -> bool:
        """Whether it is the model that is installed when none is named."""
        return self.name == MODEL_NAME

    def header(self) -> GgufHeader:
        """Return what the file says of itself.

        Raises:
            ModelInstallError: it is no whole model that can chat.
            OSError: it cannot be read.

        """
        if self.record is not None and self.checksum != "changed":
            return self.record.header
        return read_header(self.path)


def installed_models(models_dir: Path) -> list[LocalModel]:
    """Return the models in the directory by name."""
    try:
        paths = [path for path in models_dir.iterdir() if path.suffix == SUFFIX and path.name[0] != "."]
    except OSError:
        return []
    found = (model_at(path) for path in paths)
    return sorted((model for model in found if model is not None), key=lambda model: model.name.lower())


def model_in_use(models_dir: Path) -> LocalModel | None:
    """Return the model that answers by default: the chosen one, else the small one, else the first."""
    try:
        chosen = (models_dir / _IN_USE).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        chosen = ""
    for name in (chosen, MODEL_NAME):
        if name and (model := model_at(path_of(models_dir, name))) is not None:
            return model
    return next(iter(installed_models(models_dir)), None)


def use(models_dir: Path, name: str) -> LocalModel:
    """Choose the model that answers by default; hubs that run take it for their next answers.

    Raises:
        ModelInstallError: no model of that name is installed.
        OSError: the choice cannot be written.

    """
    model = require(models_dir, name)
    write_aside(models_dir / _IN_USE, f"{model.name}\n".encode())
    return model


def remove(models_dir: Path, name: str) -> LocalModel:
    """Remove a model's file (of a link: the link) and what was known of it.

    Raises:
        ModelInstallError: no model of that name is installed.
        OSError: it cannot be removed.

    """
    model = require(models_dir, name)
    model.path.unlink(missing_ok=True)
    model.path.with_suffix(".json").unlink(missing_ok=True)
    return model


def require(models_dir: Path, name: str) -> LocalModel:
    """Return the installed model of that name, in any case of letters.

    Raises:
        ModelInstallError: there is none; the text names those that there are.

    """
    models = installed_models(models_dir)
    wanted = name.removesuffix(SUFFIX)
    for same in (str, str.lower):
        for model in models:
            if same(wanted) in {same(model.name), same(model.path.stem)}:
                return model
    names = ", ".join(model.name for model in models) or "none"
    raise ModelInstallError(f"No model {name!r} is installed (installed: {names}). Run: {INSTALL_COMMAND}")


def find(models_dir: Path, wanted: str | None) -> LocalModel:
    """Return the model a provider is to run: a name or a path, or None for the one in use.

    Raises:
        ProviderError: it is not there; the text says what to run.

    """
    if wanted is None:
        model = model_in_use(models_dir)
        if model is None:
            raise not_installed("No local model is installed.")
        return model
    if _is_path(wanted):
        path = Path(wanted).expanduser()
        if not path.is_absolute():
            raise not_installed(f"The model's path {wanted!r} must be a whole one, from the root or ~.")
        model = model_at(path)
        if model is None:
            raise not_installed(f"There is no model at {path}.")
        return model
    try:
        return require(models_dir, wanted)
    except ModelInstallError as error:
        raise not_installed(f"The local model {wanted!r} is not installed.") from error


def not_installed(what: str) -> ProviderError:
    """Return the error for a model that is not there; ``what`` says which."""
    remedy = f"Run: {INSTALL_COMMAND} (what is there: conduit-widget model list)"
    return ProviderError(
        f"{what} {remedy}", code="model_not_installed", recoverable=False, suggestions=(f"{remedy}.",)
    )


def path_of(models_dir: Path, name: str) -> Path:
    """Return where the model of that name is, or will be."""
    return models_dir / (_DEFAULT_FILE if name == MODEL_NAME else f"{name}{SUFFIX}")


def check_name(name: str) -> str:
    """Return a name that can name a model's file.

    Raises:
        ModelInstallError: it cannot.

    """
    if (
        not 0 < len(name) <= MAX_NAME_CHARS
        or not is_plain(name)
        or name[0] in ".- "
        or name[-1] in ". "
        or any(sign in name for sign in '/\\:*?"<>|')
    ):
        raise ModelInstallError(
            f"A model's name has 1 to {MAX_NAME_CHARS} characters, none of / \\ : * ? \" < > |, and begins "
            "with a letter or a digit. Give one with --name."
        )
    return name


def read_record(path: Path) -> ModelRecord | None:
    """Return what is known of the model at ``path``, None where nothing can be read."""
    try:
        with path.with_suffix(".json").open("rb") as file:
            return msgspec.json.decode(file.read(_MAX_RECORD_BYTES), type=ModelRecord)
    except (OSError, *UNREADABLE):
        return None


def write_record(path: Path, *, sha256: str, is_checked: bool, source: str, header: GgufHeader) -> None:
    """Write down what is known of the model at ``path``.

    Raises:
        OSError: it cannot be written.

    """
    state = path.stat()
    record = ModelRecord(
        sha256=sha256,
        size=state.st_size,
        modified_ns=state.st_mtime_ns,
        is_checked=is_checked,
        source=source,
        header=header,
        installed_at=time.time(),
    )
    write_aside(path.with_suffix(".json"), msgspec.json.format(msgspec.json.encode(record)) + b"\n")


def write_aside(path: Path, data: bytes) -> None:
    """Write a small file so that nobody ever reads a part of it.

    Raises:
        OSError: it cannot be written.

    """
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_bytes(data)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def model_at(path: Path) -> LocalModel | None:
    """Return the model at ``path``, None where there is no file, or only half of the small model's."""
    try:
        state = path.stat()
    except OSError:
        return None
    if not path.is_file() or state.st_size == 0:
        return None
    is_default = path.name == _DEFAULT_FILE
    if is_default and state.st_size != SMOLLM2.gguf_bytes:
        return None  # half of it: an installation puts it right
    return LocalModel(
        name=MODEL_NAME if is_default else path.stem,
        path=path,
        size=state.st_size,
        modified_ns=state.st_mtime_ns,
        record=read_record(path),
    )


def _is_path(wanted: str) -> bool:
    return "/" in wanted or "\\" in wanted or wanted.startswith("~")
