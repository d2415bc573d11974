"""Installing models of the user's choice."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from conduit_widget.errors import ModelInstallError
from conduit_widget.providers.local import installation, library
from tests.support.network.file_server import FileServer
from tests.support.providers.gguf import gguf

DATA = gguf()
SHA256 = hashlib.sha256(DATA).hexdigest()


def ignore(_step: str, _done: int, _total: int | None) -> None:
    """Take progress without showing it."""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A model somewhere on this computer."""
    path = tmp_path / "my-model.gguf"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A models directory that does not exist yet."""
    return tmp_path / "data" / "models"


def files(directory: Path) -> list[str]:
    """What is in the directory, locks left out."""
    return sorted(path.name for path in directory.iterdir() if path.suffix != ".lock")


def test_file_is_copied_and_its_checksum_noted(source: Path, models: Path) -> None:
    """The copy stands alone: the source may go."""
    model = installation.install_file(source, models, ignore)
    source.unlink()
    assert (model.name, model.path.read_bytes(), model.checksum) == ("my-model", DATA, "computed")
    assert model.record is not None
    assert (model.record.sha256, model.record.source) == (SHA256, str(source))
    assert files(models) == ["my-model.gguf", "my-model.json"]


def test_link_leaves_the_file_where_it_is(source: Path, models: Path) -> None:
    """A model of many gigabytes need not be there twice."""
    model = installation.install_file(source, models, ignore, name="mine", sha256=SHA256, link=True)
    assert model.path.readlink() == source
    assert (model.name, model.checksum) == ("mine", "checked")


def test_file_that_lies_there_already_is_taken_in(models: Path) -> None:
    """By its path in the models directory a file put there by hand gets its checksum."""
    models.mkdir(parents=True)
    (models / "m.gguf").write_bytes(DATA)
    assert installation.install_file(models / "m.gguf", models, ignore).checksum == "computed"


@pytest.mark.parametrize("link", [False, True])
def test_nothing_stays_when_the_checksum_is_another(source: Path, models: Path, *, link: bool) -> None:
    """Both sums are shown whole, for comparing; the file does not get its name."""
    with pytest.raises(ModelInstallError, match=f"wrong checksum: its sha256 is {SHA256}, not {'0' * 64}"):
        installation.install_file(source, models, ignore, sha256="0" * 64, link=link)
    assert files(models) == []


def test_what_is_no_model_is_refused_before_it_is_copied(tmp_path: Path, models: Path) -> None:
    """No file, no GGUF: one line."""
    with pytest.raises(ModelInstallError, match="There is no file"):
        installation.install_file(tmp_path / "none.gguf", models, ignore)
    (tmp_path / "x.gguf").write_text("hello")
    with pytest.raises(ModelInstallError, match="no GGUF file"):
        installation.install_file(tmp_path / "x.gguf", models, ignore)
    assert not models.exists()


def test_a_name_that_is_taken_is_not_written_over(source: Path, models: Path) -> None:
    """The same model is there already; another one wants another name."""
    installation.install_file(source, models, ignore, sha256=SHA256)
    assert installation.install_file(source, models, ignore, sha256=SHA256).name == "my-model"
    source.write_bytes(gguf({"general.name": "Other"}))
    with pytest.raises(ModelInstallError, match=r"installed already.*--name.*model remove my-model"):
        installation.install_file(source, models, ignore)
    assert (models / "my-model.gguf").read_bytes() == DATA


@pytest.mark.parametrize("name", ["SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct.Q4_1"])
def test_nothing_else_takes_the_default_model_s_name(source: Path, models: Path, name: str) -> None:
    """What says that it is the small model is it."""
    with pytest.raises(ModelInstallError, match="the name of another model"):
        installation.install_file(source, models, ignore, name=name)
    assert files(models) == []


async def test_url_is_fetched_verified_and_renamed(models: Path) -> None:
    """The name comes from the URL; the query is not kept."""
    async with FileServer(DATA) as server:
        model = await asyncio.to_thread(
            installation.install_url, f"{server.url}?token=sekret", models, ignore, sha256=SHA256
        )
    assert (model.name, model.checksum, model.path.read_bytes()) == ("tiny", "checked", DATA)
    assert model.record is not None
    assert model.record.source == server.url
    assert files(models) == ["tiny.gguf", "tiny.json"]


async def test_download_with_another_checksum_is_dropped(models: Path) -> None:
    """Nothing of it stays, so that the next attempt begins anew."""
    async with FileServer(DATA) as server:
        with pytest.raises(ModelInstallError, match="tiny has the wrong checksum"):
            await asyncio.to_thread(installation.install_url, server.url, models, ignore, sha256="0" * 64)
    assert files(models) == []


async def test_file_cut_short_on_the_server_is_not_installed(models: Path) -> None:
    """A file that came whole but is not one."""
    async with FileServer(DATA[:-4096]) as server:
        with pytest.raises(ModelInstallError, match="tiny is cut short"):
            await asyncio.to_thread(installation.install_url, server.url, models, ignore)
    assert files(models) == []


PROGRAM = """
import sys
from pathlib import Path
from conduit_widget.providers.local import installation
url, models, sha256 = sys.argv[1:]
print(installation.install_url(url, Path(models), lambda *_: None, sha256=sha256).name)
"""


async def test_one_download_serves_two_processes(models: Path) -> None:
    """The second waits for the first, and finds the model there."""
    async with FileServer(DATA) as server:
        command = [sys.executable, "-c", PROGRAM, server.url, str(models), SHA256]
        runs = await asyncio.gather(
            *(asyncio.to_thread(subprocess.run, command, capture_output=True, text=True) for _ in range(2))
        )
        assert [run.stdout for run in runs] == ["tiny\n"] * 2, [run.stderr for run in runs]
        assert len(server.requests) == 1
    assert files(models) == ["tiny.gguf", "tiny.json"]


def test_verifying_finds_a_changed_file(source: Path, models: Path) -> None:
    """A bit that turned on the disk is found, though size and time are the same."""
    model = installation.install_file(source, models, ignore)
    assert installation.verify(model, ignore).checksum == "computed"
    data = bytearray(DATA)
    data[-1] ^= 1
    model.path.write_bytes(data)
    with pytest.raises(ModelInstallError, match="my-model has the wrong checksum"):
        installation.verify(model, ignore)


def test_verifying_notes_a_checksum_that_was_unknown(models: Path) -> None:
    """A file put there by hand is known from then on."""
    models.mkdir(parents=True)
    (models / "m.gguf").write_bytes(DATA)
    verified = installation.verify(library.require(models, "m"), ignore)
    assert (verified.checksum, verified.record is not None) == ("computed", True)


@pytest.mark.parametrize("text", ["", "abc", "g" * 64, SHA256 + "0"])
def test_a_checksum_that_is_none_is_refused(text: str) -> None:
    """Half a sum proves nothing."""
    with pytest.raises(ModelInstallError, match="64 hexadecimal digits"):
        installation.checked_sha256(text)


def test_a_checksum_may_be_pasted_as_tools_print_it() -> None:
    """Capitals and the prefix are fine."""
    assert installation.checked_sha256(f" sha256:{SHA256.upper()}\n") == SHA256
