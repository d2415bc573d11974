"""The models of this machine, and which of them answers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conduit_widget.errors import ModelInstallError, ProviderError
from conduit_widget.providers.local import library
from conduit_widget.providers.local.gguf import read_header
from conduit_widget.providers.local.model import MODEL_NAME, SMOLLM2
from tests.support.providers.gguf import gguf


def put(directory: Path, name: str) -> Path:
    """Put a small model there by hand."""
    path = directory / f"{name}.gguf"
    path.write_bytes(gguf())
    return path


def put_the_small_one(directory: Path) -> None:
    """A (sparse) file of the small model's size."""
    with library.path_of(directory, MODEL_NAME).open("wb") as file:
        file.truncate(SMOLLM2.gguf_bytes)


def names(directory: Path) -> list[str]:
    """The models there."""
    return [model.name for model in library.installed_models(directory)]


def in_use(directory: Path) -> str | None:
    """The name of the model in use."""
    model = library.model_in_use(directory)
    return None if model is None else model.name


def test_every_gguf_file_is_a_model(tmp_path: Path) -> None:
    """What was put there by hand counts; parts, locks and other files do not."""
    assert names(tmp_path / "none") == []
    put(tmp_path, "b")
    put(tmp_path, "A")
    put_the_small_one(tmp_path)
    (tmp_path / ".half.gguf").write_bytes(gguf())
    (tmp_path / "empty.gguf").touch()
    (tmp_path / "folder.gguf").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    assert names(tmp_path) == ["A", "b", MODEL_NAME]


def test_the_chosen_model_is_in_use_else_the_small_one_else_the_first(tmp_path: Path) -> None:
    """A choice whose file is gone falls back, and comes back with the file."""
    assert in_use(tmp_path) is None
    first, _ = put(tmp_path, "a"), put(tmp_path, "z")
    assert in_use(tmp_path) == "a"
    put_the_small_one(tmp_path)
    assert in_use(tmp_path) == MODEL_NAME
    library.use(tmp_path, "A.gguf")
    assert in_use(tmp_path) == "a"
    first.unlink()
    assert in_use(tmp_path) == MODEL_NAME


def test_only_an_installed_model_can_be_chosen(tmp_path: Path) -> None:
    """The line names those that there are."""
    put(tmp_path, "there")
    with pytest.raises(ModelInstallError, match=r"No model 'gone'.*installed: there"):
        library.use(tmp_path, "gone")
    assert in_use(tmp_path) == "there"


def test_checksum_says_when_a_file_is_another_one(tmp_path: Path) -> None:
    """Unknown by hand, as noted at the installation, changed when size or time differ."""
    path = put(tmp_path, "m")
    assert library.require(tmp_path, "m").checksum == "unknown"
    for is_checked, word in ((True, "checked"), (False, "computed")):
        library.write_record(
            path, sha256="0" * 64, is_checked=is_checked, source="x", header=read_header(path)
        )
        assert library.require(tmp_path, "m").checksum == word
    os.utime(path, ns=(1, 1))
    assert library.require(tmp_path, "m").checksum == "changed"


@pytest.mark.parametrize("record", [b"", b"{", b"[]", b'{"sha256": 1}', b"\xff"])
def test_a_record_that_cannot_be_read_is_none(tmp_path: Path, record: bytes) -> None:
    """The model stays usable."""
    put(tmp_path, "m").with_suffix(".json").write_bytes(record)
    model = library.require(tmp_path, "m")
    assert (model.record, model.header().architecture) == (None, "llama")


def test_removing_a_link_leaves_the_file_it_points_at(tmp_path: Path) -> None:
    """Only what was put into the directory goes, with what was noted beside it."""
    target = put(tmp_path, "target")
    models = tmp_path / "models"
    models.mkdir()
    (models / "l.gguf").symlink_to(target)
    (models / "l.json").write_text("{}")
    library.remove(models, "l")
    assert list(models.iterdir()) == []
    assert target.exists()


def test_a_provider_finds_its_model_by_name_or_path(tmp_path: Path) -> None:
    """``model`` in config.toml is a name in any case of letters, or a whole path; None is the one in use."""
    path = put(tmp_path, "Own")
    assert library.find(tmp_path, None).name == "Own"
    assert library.find(tmp_path, "own").path == path
    assert library.find(Path("/none"), str(path)).name == "Own"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (None, "No local model"),
        ("x", "'x' is not installed"),
        ("/none/x.gguf", "no model at"),
        ("a/x", "whole"),
    ],
)
def test_a_model_that_is_not_there_says_what_to_run(tmp_path: Path, wanted: str | None, words: str) -> None:
    """The provider is down with the command that brings the model."""
    with pytest.raises(ProviderError, match=rf"{words}.*conduit-widget model install") as caught:
        library.find(tmp_path, wanted)
    assert caught.value.recoverable is False


@pytest.mark.parametrize(
    "name", ["", "a/b", "..", ".x", "-x", "a\\b", "a\nb", "c:d", "x" * 101, "a ", "a\u202eb"]
)
def test_names_that_are_no_file_names_are_refused(name: str) -> None:
    """No name leads out of the models directory, hides, or reads as an option."""
    with pytest.raises(ModelInstallError, match="--name"):
        library.check_name(name)


def test_a_reader_never_finds_half_a_choice(tmp_path: Path) -> None:
    """Small files are renamed into place, and nothing is left beside them."""
    put(tmp_path, "m")
    library.use(tmp_path, "m")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in-use", "m.gguf"]
