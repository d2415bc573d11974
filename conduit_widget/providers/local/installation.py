"""Puts a model into the models directory: the small one, a file of this computer, or one by its URL.

Whatever it is, it is checked before it gets its name: its header, and its sha256. Several processes may
install at once; of two that install the same model, the second waits and finds it done.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import filelock

from conduit_widget.errors import ModelInstallError
from conduit_widget.providers.local import download, library, model as small_model
from conduit_widget.providers.local.gguf import GgufHeader, read_header
from conduit_widget.providers.local.library import SUFFIX, LocalModel
from conduit_widget.providers.local.model import MODEL_NAME, SMOLLM2

_LOCK_TIMEOUT: Final = 6 * 3600.0
_BLOCK_BYTES: Final = 1 << 20
_SPARE_BYTES: Final = 64 << 20
_HEX_DIGITS: Final = frozenset("0123456789abcdef")

StepCallback = Callable[[str, int, int | None], None]
"""Called with what is being done, and how many bytes of how many (None: not known) it has done."""


def checked_sha256(text: str) -> str:
    """Return a sha256 as 64 small hexadecimal digits; ``sha256:`` before it is fine.

    Raises:
        ModelInstallError: it is none.

    """
    digits = text.strip().lower().removeprefix("sha256:")
    if len(digits) != 64 or not set(digits) <= _HEX_DIGITS:
        raise ModelInstallError("A sha256 has 64 hexadecimal digits (0-9, a-f). Copy it again.")
    return digits


def install_small_model(models_dir: Path, progress: small_model.ProgressCallback | None = None) -> LocalModel:
    """Install SmolLM2, and note its checksum.

    Raises:
        ModelInstallError: it could not be fetched or verified; the text says what to do.
        OSError: what is known of it cannot be written.

    """
    path = small_model.install(progress, models_dir=models_dir)
    found = library.model_at(path)
    if found is not None and found.checksum in {"unknown", "changed"}:
        digest = _sha256(path, path.stat().st_size, lambda *_: None)
        _require_digest(digest, SMOLLM2.gguf_sha256, path.name)
        library.write_record(
            path, sha256=digest, is_checked=True, source=SMOLLM2.requirement, header=read_header(path)
        )
    return library.require(models_dir, MODEL_NAME)


def install_file(
    source: Path,
    models_dir: Path,
    progress: StepCallback,
    *,
    name: str | None = None,
    sha256: str | None = None,
    link: bool = False,
) -> LocalModel:
    """Copy a model's file into the models directory, or with ``link`` only remember where it is.

    Raises:
        ModelInstallError: it is no model, has another checksum, its name is taken, or the disk is too small.
        OSError: something cannot be read or written.

    """
    source = Path(os.path.abspath(source.expanduser()))  # noqa: PTH100 - a link stays the link it is
    if not source.is_file():
        raise ModelInstallError(f"There is no file {source}. Name a .gguf file or a URL.")
    name = library.check_name(name or source.name.removesuffix(SUFFIX))
    header, size = read_header(source), source.stat().st_size
    models_dir.mkdir(parents=True, exist_ok=True)
    target = library.path_of(models_dir, name)
    with _locked(models_dir, name, progress):
        if target.exists() and target.samefile(source):  # it was put there by hand
            digest = _sha256(source, size, progress)
            _place(None, target, name, digest=digest, sha256=sha256, source=str(source), header=header)
            return library.require(models_dir, name)
        if (there := _installed_before(models_dir, name, sha256)) is not None:
            return there
        aside = models_dir / f".{name}.copy"
        try:
            if link:
                digest = _sha256(source, size, progress)
                aside.unlink(missing_ok=True)
                aside.symlink_to(source)
            else:
                _require_space(models_dir, size)
                digest = _copy(source, aside, size, progress)
            _place(aside, target, name, digest=digest, sha256=sha256, source=str(source), header=header)
        finally:
            aside.unlink(missing_ok=True)
    return library.require(models_dir, name)


def install_url(
    url: str,
    models_dir: Path,
    progress: StepCallback,
    *,
    name: str | None = None,
    sha256: str | None = None,
) -> LocalModel:
    """Fetch a model's file by its URL; one that broke off goes on where it did.

    Raises:
        ModelInstallError: it cannot be fetched, is no model, has another checksum, its name is taken, or the
            disk is too small; the text says what to do.
        OSError: something cannot be written.

    """
    download.check_url(url)
    name = library.check_name(name or download.name_in(url).removesuffix(SUFFIX))
    models_dir.mkdir(parents=True, exist_ok=True)
    with _locked(models_dir, name, progress):
        if (there := _installed_before(models_dir, name, sha256)) is not None:
            return there
        part = part_of(models_dir, name)
        asyncio.run(download.download(url, part, lambda done, total: progress("download", done, total)))
        try:
            header = read_header(part)
            digest = _sha256(part, part.stat().st_size, progress)
            target = library.path_of(models_dir, name)
            _place(
                part,
                target,
                name,
                digest=digest,
                sha256=sha256,
                source=download.without_secrets(url),
                header=header,
            )
        except ModelInstallError as error:
            download.discard(part)
            raise ModelInstallError(str(error).replace(part.name, name)) from error
    return library.require(models_dir, name)


def part_of(models_dir: Path, name: str) -> Path:
    """Return where a download of that name is kept until it is whole."""
    return models_dir / f".{name}.part"


def verify(model: LocalModel, progress: StepCallback) -> LocalModel:
    """Compute the checksum of an installed model again, and note it where none was known.

    Raises:
        ModelInstallError: the file is not what was installed, or no model.
        OSError: it cannot be read.

    """
    digest = _sha256(model.path, model.size, progress)
    if model.is_the_small_one:
        _require_digest(digest, SMOLLM2.gguf_sha256, model.name)
    elif model.record is not None:
        _require_digest(digest, model.record.sha256, model.name)
    checked = model.is_the_small_one or (model.record is not None and model.record.is_checked)
    source = str(model.path) if model.record is None else model.record.source
    library.write_record(
        model.path, sha256=digest, is_checked=checked, source=source, header=read_header(model.path)
    )
    return library.model_at(model.path) or model


@contextmanager
def _locked(models_dir: Path, name: str, progress: StepCallback) -> Iterator[None]:
    lock = filelock.FileLock(models_dir / f".{name}.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        progress("wait for another installation of it", 0, None)
        try:
            lock.acquire(timeout=_LOCK_TIMEOUT)
        except filelock.Timeout as error:
            raise ModelInstallError(
                f"Another installation of {name} takes for ever. End it first."
            ) from error
    try:
        yield
    finally:
        lock.release()


def _installed_before(models_dir: Path, name: str, sha256: str | None) -> LocalModel | None:
    """Return the model of that name, if it is the one that is to be installed."""
    model = library.model_at(library.path_of(models_dir, name))
    if model is None:
        return None
    if sha256 is None or model.record is None or model.record.sha256 != sha256:
        raise ModelInstallError(
            f"A model {model.name} is installed already. Give another name with --name, or remove it first: "
            f"conduit-widget model remove {model.name}"
        )
    return model


def _place(
    aside: Path | None,
    target: Path,
    name: str,
    *,
    digest: str,
    sha256: str | None,
    source: str,
    header: GgufHeader,
) -> None:
    """Give a checked file its name (None: it has it), and note what is known of it."""
    expected = sha256
    if target.name == Path(SMOLLM2.member).name:
        if digest != SMOLLM2.gguf_sha256:
            raise ModelInstallError(f"{name} is the name of another model. Give one with --name.")
        expected = expected or digest
    if expected is not None:
        _require_digest(digest, expected, name)
    if aside is not None:
        aside.replace(target)
    library.write_record(target, sha256=digest, is_checked=expected is not None, source=source, header=header)


def _copy(source: Path, aside: Path, size: int, progress: StepCallback) -> str:
    digest, done = hashlib.sha256(), 0
    with source.open("rb") as file, aside.open("wb") as out:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            out.write(block)
            done += len(block)
            progress("copy", done, size)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def _sha256(path: Path, size: int, progress: StepCallback) -> str:
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            done += len(block)
            progress("verify", done, size)
    return digest.hexdigest()


def _require_digest(found: str, expected: str, name: str) -> None:
    if found != expected:
        raise ModelInstallError(
            f"{name} has the wrong checksum: its sha256 is {found}, not {expected}. Fetch it from a source "
            "that you trust."
        )


def _require_space(directory: Path, needed: int) -> None:
    free = shutil.disk_usage(directory).free
    if free < needed + _SPARE_BYTES:
        raise ModelInstallError(
            f"{directory} has {free // 10**6} MB free, {(needed + _SPARE_BYTES) // 10**6 + 1} MB are needed. "
            "Free space, set CONDUIT_MODELS_DIR, or leave the file where it is with --link."
        )
