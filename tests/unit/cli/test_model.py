"""``conduit-widget model``: what people see, and what is refused."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.cli import main
from conduit_widget.providers.local import download, library
from conduit_widget.providers.local.window import PROMPT_CONTEXT_TOKENS
from tests.support.network.file_server import FileServer
from tests.support.providers.gguf import gguf

DATA = gguf()
SHA256 = hashlib.sha256(DATA).hexdigest()

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The models directory of the commands."""
    monkeypatch.setenv("CONDUIT_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("CONDUIT_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "models"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A model somewhere on this computer."""
    path = tmp_path / "own.gguf"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def run(models: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``conduit-widget model ...``; return the exit code and all that was printed."""
    assert not models.exists()

    def run(*arguments: object) -> tuple[int, str]:
        try:
            code = main(["model", *map(str, arguments)])
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


def listed(run: Run) -> list[dict[str, Any]]:
    """What ``list --json`` says."""
    code, text = run("list", "--json")
    assert code == 0
    rows: list[dict[str, Any]] = json.loads(text)
    return rows


def test_models_are_installed_listed_used_and_removed(run: Run, source: Path) -> None:
    """The way of a model from a file to the answers, and out again."""
    code, text = run("install", source, "--sha256", SHA256)
    assert code == 0
    assert "Tiny Chat 1K (llama), context 2048 tokens" in text
    assert f"sha256 {SHA256} (checked)" in text
    code, text = run("install", source, "--name", "second", "--link")
    assert f"sha256 {SHA256} (noted at installation)" in text
    assert "conduit-widget model use second" in text
    assert run("use", "SECOND")[0] == 0
    assert [(row["name"], row["in_use"], row["checksum"]) for row in listed(run)] == [
        ("own", False, "checked"),
        ("second", True, "computed"),
    ]
    code, table = run("list")
    assert "*  second" in table
    assert "2048" in table
    assert run("path")[1].strip().endswith("second.gguf")
    assert run("remove", "own")[0] == 0
    code, text = run("remove", "second")
    assert (code, "in use" in text, "--force" in text) == (2, True, True)
    assert run("remove", "second", "--force")[0] == 0
    assert listed(run) == []
    assert source.exists()


def test_a_model_without_a_chat_template_is_taken_with_a_word(run: Run, source: Path) -> None:
    """It may be of use, but nobody shall wonder at its answers."""
    source.write_bytes(gguf({"tokenizer.chat_template": None}))
    assert "no chat template" in run("install", source)[1]
    assert "no chat template" in run("list")[1]


def test_a_model_of_config_toml_is_in_use(run: Run, source: Path, tmp_path: Path) -> None:
    """What a provider names is not removed by mistake either."""
    run("install", source)
    run("install", source, "--name", "other", "--use")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "config.toml").write_text(
        '[[providers]]\nname = "house"\nkind = "local"\nmodel = "own"\n'
    )
    code, text = run("remove", "own")
    assert (code, "the provider house of config.toml" in text) == (2, True)


def test_list_verifies_what_is_on_the_disk(run: Run, source: Path, models: Path) -> None:
    """A changed file is found, named, and makes the exit code 1; its time tells without ``--verify``."""
    run("install", source)
    assert run("list", "--verify")[0] == 0
    (models / "own.gguf").write_bytes(gguf({"general.name": "Other"}))
    assert "CHANGED" in run("list")[1]
    code, text = run("list", "--verify")
    assert (code, "own has the wrong checksum" in text) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["install", "--sha256", "abc", "x.gguf"], "--sha256"),
        (["install", "--link"], "name its path or URL"),
        (["install", "--link", "https://example.org/x.gguf"], "not for a URL"),
        (["install", "http://example.org/x.gguf"], "https://"),
        (["install", "none.gguf"], "There is no file"),
        (["use", "none"], "No model 'none' is installed"),
        (["remove", "none"], "No model 'none' is installed"),
        (["path", "none"], "No model 'none' is installed"),
        (["path"], "conduit-widget model install"),
        ([], "ACTION"),
    ],
)
def test_refusals_are_one_line(run: Run, arguments: list[str], words: str) -> None:
    """What is wrong and what to do; nothing is made."""
    code, text = run(*arguments)
    assert code in {1, 2}
    assert words in text
    assert len(text.splitlines()) == 1


def test_a_file_that_is_no_model_is_not_taken_into_use(run: Run, source: Path, models: Path) -> None:
    """Answers go on with the model that works."""
    run("install", source)
    (models / "junk.gguf").write_text("hello")
    code, text = run("use", "junk")
    assert (code, "no GGUF file" in text) == (1, True)
    in_use = library.model_in_use(models)
    assert in_use is not None
    assert in_use.name == "own"


def test_what_is_fetched_in_part_is_listed_and_can_be_removed(
    run: Run, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A download that broke off neither hides nor stays for ever."""
    monkeypatch.setattr(download, "ATTEMPTS", 1)

    async def install(*arguments: str, cuts: list[int]) -> tuple[int, str]:
        async with FileServer(DATA) as server:
            server.cuts = cuts
            return await asyncio.to_thread(run, "install", server.url, *arguments)

    code, text = asyncio.run(install(cuts=[1000, 0]))
    assert (code, "keeps breaking off" in text) == (1, True)
    assert "tiny:" in run("list")[1]
    code, text = asyncio.run(install(cuts=[]))
    assert (code, "Installed: tiny" in text) == (0, True)
    asyncio.run(install("--name", "half", cuts=[1000, 0]))
    assert (models / ".half.part").exists()
    assert run("remove", "half") == (0, "Removed: what was fetched of half\n")
    assert not list(models.glob(".half.part*"))


def test_context_is_what_the_hub_runs_with(run: Run, tmp_path: Path) -> None:
    """Of what the model could hold; another number in the settings holds in both places."""
    large = tmp_path / "large.gguf"
    large.write_bytes(gguf({"llama.context_length": 8192}))
    assert "context 2048 of 8192 tokens" in run("install", large)[1]
    _, text = run("list")
    assert "2048 of 8192" in text
    assert "`context_tokens` sets how many" in text
    (row,) = listed(run)
    assert (row["context"], row["trained_context"]) == (PROMPT_CONTEXT_TOKENS, 8192)
    config = tmp_path / "data" / "config.toml"
    config.parent.mkdir(exist_ok=True)
    config.write_text('[[providers]]\nname = "local"\nkind = "local"\ncontext_tokens = 6000\n')
    assert listed(run)[0]["context"] == 6000
    config.write_text(
        '[[providers]]\nname = "mine"\nkind = "local"\nmodel = "large"\ncontext_tokens = 9000\n'
    )
    assert listed(run)[0]["context"] == 8192
    config.write_text("nonsense")
    assert listed(run)[0]["context"] == PROMPT_CONTEXT_TOKENS
