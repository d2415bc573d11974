"""What is written in the files of the settings holds without a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conduit_widget.app.settings_watch import SettingsWatch
from conduit_widget.cancellation import cancel_and_wait
from conduit_widget.providers.config.settings import ProviderSettings
from tests.support.waiting import eventually

ENTRY = "[[providers]]\nname = '{}'\nbase_url = 'https://x.example/v1'\n"


@dataclass
class Seen:
    """What the watch has told."""

    watch: SettingsWatch
    names: list[list[str]] = field(default_factory=list)
    problems: list[str | None] = field(default_factory=list)


@asynccontextmanager
async def watching(data_dir: Path, interval: float = 0.02) -> AsyncIterator[Seen]:
    """A watch of the ``config.toml`` of a folder."""

    def load() -> ProviderSettings:
        return ProviderSettings.load(data_dir, environ={})

    async def use(settings: ProviderSettings) -> None:
        seen.names.append([config.name for config in settings.configured])

    def tell(problem: str | None) -> None:
        seen.problems.append(problem)

    seen = Seen(SettingsWatch(load(), load, use, tell, interval=interval))
    task = asyncio.create_task(seen.watch.run())
    try:
        yield seen
    finally:
        await cancel_and_wait(task)


def write(path: Path, text: str) -> None:
    """Replace a file in one step, as editors do."""
    aside = path.with_suffix(".new")
    aside.write_text(text)
    aside.replace(path)


async def test_file_that_is_replaced_written_or_removed_is_read_anew(tmp_path: Path) -> None:
    """Each change holds, also that there is a file at all, or none any more."""
    config = tmp_path / "config.toml"
    async with watching(tmp_path) as seen:
        write(config, ENTRY.format("a"))
        await eventually(lambda: seen.names == [["a"]])
        config.write_text(ENTRY.format("b"))
        await eventually(lambda: seen.names == [["a"], ["b"]])
        config.unlink()
        await eventually(lambda: seen.names == [["a"], ["b"], []])


async def test_wrong_file_keeps_what_was_set_and_says_why_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One line in the log and one to tell, until the file is right again."""
    config = tmp_path / "config.toml"
    config.write_text(ENTRY.format("a"))
    async with watching(tmp_path) as seen:
        write(config, ENTRY.format("a") + "priority = 'high'\n")
        await eventually(lambda: seen.problems[-1:] != [None] and seen.problems)
        (line,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        assert "providers[0].priority must be a whole number" in line
        assert line.endswith("What was set before stays in use.")
        assert seen.names == []
        write(config, ENTRY.format("b"))
        await eventually(lambda: seen.names == [["b"]] and seen.problems[-1] is None)


async def test_key_file_is_followed_too(tmp_path: Path) -> None:
    """A key that is written at last, or anew, holds as well."""
    (tmp_path / "config.toml").write_text(ENTRY.format("a") + "api_key_file = 'a.key'\n")
    async with watching(tmp_path) as seen:
        key = tmp_path / "a.key"
        key.touch(0o600)
        key.write_text("k1")
        await eventually(lambda: len(seen.names) == 1)
        key.write_text("k2")
        await eventually(lambda: len(seen.names) == 2)
        key.chmod(0o644)
        await eventually(lambda: seen.problems[-1] and "chmod 600" in seen.problems[-1])


async def test_call_reads_at_once(tmp_path: Path) -> None:
    """Whoever sends SIGHUP does not wait for the next look."""
    async with watching(tmp_path, interval=3600) as seen:
        write(tmp_path / "config.toml", ENTRY.format("a"))
        seen.watch.load_now()
        await eventually(lambda: seen.names == [["a"]])
