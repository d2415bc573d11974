"""Kinds of providers: ours, and those of other packages."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers import kinds
from conduit_widget.providers.kinds import ProviderContext, ProviderKind
from conduit_widget.providers.provider_config import ProviderConfig, Replay
from conduit_widget.providers.reading.provider_words import ProviderWords
from tests.support.providers import foreign_provider


@pytest.fixture
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package with a kind, and with one that cannot be imported."""
    monkeypatch.setattr(sys, "path", [foreign_provider.install(tmp_path), *sys.path])


def context(models_dir: Path) -> ProviderContext:
    """What a hub gives."""
    return ProviderContext(on_headers=lambda _headers: None, words=ProviderWords(), models_dir=models_dir)


def test_our_kinds_come_through_the_door_of_all(tmp_path: Path) -> None:
    """All are there, and make providers of their names."""
    assert kinds.names() == ["anthropic", "local", "openai", "replay"]
    for kind in kinds.names():
        config = ProviderConfig(
            name="mine", kind=kind, base_url="http://127.0.0.1:9/v1", replay=Replay(file=tmp_path / "a.jsonl")
        )
        assert kinds.build(kinds.load(kind), config, context(tmp_path)).name == "mine"


def test_naming_the_kinds_imports_none() -> None:
    """Who reads a configuration does not load an HTTP client."""
    code = "import sys; from conduit_widget.providers import kinds; kinds.names()"
    code += "; print('httpx2' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"


@pytest.mark.usefixtures("_installed")
def test_kind_of_another_package_is_found(tmp_path: Path) -> None:
    """An entry point is all it takes; its settings reach it."""
    assert kinds.names() == ["anthropic", "gone", "local", "openai", "parrot", "replay"]
    kind = kinds.load("parrot")
    config = ProviderConfig(name="polly", kind="parrot", context_tokens=99)
    assert kind.note == "A parrot."
    assert kinds.build(kind, config, context(tmp_path)).context_tokens == 99


@pytest.mark.usefixtures("_installed")
def test_broken_kind_costs_a_line(caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be imported is an error of one line, and one in the log, without a traceback."""
    with pytest.raises(ProviderError, match=r"'gone' cannot be used .ModuleNotFoundError"):
        kinds.load("gone")
    [record] = caplog.records
    assert "\n" not in record.getMessage()
    assert record.exc_info is None


def test_unknown_kind_names_those_there_are() -> None:
    """The error lists what can be chosen."""
    with pytest.raises(ProviderError, match=r"called 'acme'\. Choose one of: anthropic, local, openai"):
        kinds.load("acme")


def test_kind_that_fails_to_build_is_an_error_of_the_provider(tmp_path: Path) -> None:
    """What a foreign factory raises is not shown: it may hold a key."""

    def fail(_config: ProviderConfig, _context: ProviderContext) -> object:
        raise ValueError("sk-secret")

    kind = ProviderKind(build=fail)  # type: ignore[arg-type] # as a foreign one may be
    with pytest.raises(ProviderError, match="cannot be made") as caught:
        kinds.build(kind, ProviderConfig(name="x", kind="acme"), context(tmp_path))
    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize("note", [None, 5, b"A parrot."])
def test_note_that_is_no_text_is_a_broken_kind(note: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody reads it beside the provider."""
    kind = ProviderKind(build=None, note=note)  # type: ignore[arg-type] # as a foreign one may be
    monkeypatch.setattr(EntryPoint, "load", lambda _self: kind)
    monkeypatch.setattr(kinds, "entry_points", lambda **_: [EntryPoint("acme", "acme:KIND", kinds.GROUP)])
    with pytest.raises(ProviderError, match=f"its note is {type(note).__name__}, not str"):
        kinds.load("acme")
    monkeypatch.setattr(
        EntryPoint, "load", lambda _self: ProviderKind(build=kind.build, note="A\x1b\u202e" + "a" * 10_000)
    )
    assert kinds.load("acme").note == "A" + "a" * 199
